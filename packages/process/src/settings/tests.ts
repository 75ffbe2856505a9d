import { randomInt } from 'node:crypto'
import { z } from 'zod'
import { optionalSetting, positiveNumber, setting, text, wholeNumber } from './setting.ts'

export const fuzz = {
  RUNNEL_FUZZ_RUNS: setting(wholeNumber(1), {
    default: 1,
    does: 'How many times as many random requests as usual the fuzz tests send.',
    reason: 'As many as `npm test` has time for.',
  }),
  RUNNEL_FUZZ_SEED: optionalSetting(
    {
      type: 'whole number, may be negative',
      schema: z
        .string()
        .regex(/^-?\d{1,10}$/, 'must be a whole number')
        .transform(Number),
    },
    {
      absent: 'another one each time',
      does: 'The seed that a failed fuzz test printed: the next run sends the same requests.',
      reason: 'Every run tries something else.',
    },
  ),
}

export const soak = {
  RUNNEL_SOAK_MINUTES: setting(positiveNumber(10_000), {
    unit: 'minutes',
    default: 10,
    does: 'How long `npm run soak` breaks things; `--minutes` sets it.',
    reason: 'Every kind of fault happens several times.',
  }),
  RUNNEL_SOAK_SEED: setting(wholeNumber(0), {
    default: () => randomInt(2 ** 31),
    defaultText: 'another one each time',
    does: 'The seed that `npm run soak` printed; `--seed` sets it.',
    reason: 'Every run tries something else.',
  }),
}

export const browserTests = {
  RUNNEL_TEST_BROWSER: optionalSetting(text('path of a program'), {
    absent: 'the first that is installed',
    does: 'The Chrome or Chromium of the browser tests.',
    reason: 'Most machines have one at a usual place.',
  }),
}
