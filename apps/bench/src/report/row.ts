import type { Attempt, ContenderName } from '../contenders/contender.ts'
import { type Summary, summarize } from './statistics.ts'

export type Unit = 'ms' | 's' | 'per second' | 'MiB per second' | 'MiB' | 'KiB' | '%' | 'events' | 'count'

/** One measurement of one contender. */
export interface Row {
  readonly contender: ContenderName
  readonly what: string
  readonly unit: Unit
  readonly asked: number
  readonly succeeded: number
  /** Absent when nothing succeeded. */
  readonly summary?: Summary
  /** All samples in order, for rows that are drawn as a distribution. */
  readonly samples?: readonly number[]
  /** The error of the first failure. */
  readonly why?: string
}

export const toRow = (
  contender: ContenderName,
  what: string,
  unit: Unit,
  samples: readonly number[],
  failures: readonly string[] = [],
): Row => ({
  contender,
  what,
  unit,
  asked: samples.length + failures.length,
  succeeded: samples.length,
  ...(samples.length === 0 ? {} : { summary: summarize(samples) }),
  ...(failures[0] === undefined ? {} : { why: failures[0] }),
})

export const toLatencyRow = (
  contender: ContenderName,
  what: string,
  attempts: readonly Attempt[],
  take: 'firstByteMs' | 'finishedMs' = 'finishedMs',
): Row => {
  const samples = attempts.flatMap((attempt) => (attempt.succeeded ? [attempt[take]] : []))
  const failures = attempts.flatMap((attempt) => (attempt.succeeded ? [] : [attempt.why]))
  return toRow(contender, what, 'ms', samples, failures)
}

/** The same, with the whole distribution. */
export const toCurveRow = (...args: Parameters<typeof toLatencyRow>): Row => {
  const [, , attempts, take = 'finishedMs'] = args
  const samples = attempts.flatMap((attempt) => (attempt.succeeded ? [Math.round(attempt[take] * 1_000) / 1_000] : []))
  return { ...toLatencyRow(...args), samples: samples.toSorted((a, b) => a - b) }
}
