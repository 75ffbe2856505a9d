import { readConfig, SETTINGS } from '@runnel/process'
import type { Parameters } from 'fast-check'
import { z } from 'zod'

const { RUNNEL_FUZZ_RUNS: factor, RUNNEL_FUZZ_SEED: seed } = readConfig(z.object(SETTINGS.fuzz))

/** For `fc.assert`. Making a failure smaller ends well before the test's own time, or nobody would see its seed. */
export const runs = <T>(count: number): Parameters<T> => ({
  numRuns: count * factor,
  interruptAfterTimeLimit: 15_000 * factor,
  markInterruptAsFailure: true,
  ...(seed === undefined ? {} : { seed }),
})

/** What a test may take. */
export const fuzzTimeout = 120_000 * factor
