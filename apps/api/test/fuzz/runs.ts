import { readConfig, wholeNumber } from '@runnel/process'
import type { Parameters } from 'fast-check'
import { z } from 'zod'

const { RUNNEL_FUZZ_RUNS: factor, RUNNEL_FUZZ_SEED: seed } = readConfig(
  z.object({
    /** How many times as many runs as usual. */
    RUNNEL_FUZZ_RUNS: wholeNumber.default(1),
    /** What an earlier run printed when it failed, to have the same again. */
    RUNNEL_FUZZ_SEED: z
      .string()
      .regex(/^-?\d{1,10}$/, 'must be a whole number')
      .transform(Number)
      .optional(),
  }),
)

/** For `fc.assert`. Making a failure smaller ends well before the test's own time, or nobody would see its seed. */
export const runs = <T>(count: number): Parameters<T> => ({
  numRuns: count * factor,
  interruptAfterTimeLimit: 15_000 * factor,
  markInterruptAsFailure: true,
  ...(seed === undefined ? {} : { seed }),
})

/** What a test may take. */
export const fuzzTimeout = 120_000 * factor
