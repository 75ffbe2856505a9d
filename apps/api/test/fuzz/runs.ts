import { readConfig, SETTINGS } from '@runnel/process'
import type { Parameters } from 'fast-check'
import { z } from 'zod'

const { RUNNEL_FUZZ_RUNS: factor, RUNNEL_FUZZ_SEED: seed } = readConfig(z.object(SETTINGS.fuzz))

/** Options for `fc.assert`. Shrinking a failure ends well before the test's timeout, or the seed would not be printed. */
export const runs = <T>(count: number): Parameters<T> => ({
  numRuns: count * factor,
  interruptAfterTimeLimit: 15_000 * factor,
  markInterruptAsFailure: true,
  ...(seed === undefined ? {} : { seed }),
})

/** How long a test may take. */
export const fuzzTimeout = 120_000 * factor
