import { ERROR_STATUS, type ErrorCode, OUTCOME_CLASSES, type OutcomeClass, type Stats } from '@runnel/contract/public'
import { toPercentile } from './percentile.ts'
import { type DurationName, FIELD, type Fields, type GaugeName, readGroup } from './stats-fields.ts'
import { addNumbers, type Numbers } from './stats-numbers.ts'
import type { StatsRange } from './stats-range.ts'

const isErrorCode = (code: string): code is ErrorCode => code in ERROR_STATUS

/** The codes that occur. One that another version wrote and this one does not know is left out. */
const findCodes = (all: Fields): readonly ErrorCode[] =>
  readGroup(all, 'refused').flatMap(([code]) => (isErrorCode(code) ? [code] : []))

const toRecord = <K extends string, V>(keys: readonly K[], toValue: (key: K) => V): Record<K, V> =>
  Object.fromEntries(keys.map((key) => [key, toValue(key)])) as Record<K, V>

interface Durations {
  readonly count: number
  readonly p50: number | null
  readonly p95: number | null
}

/** An operator's page asks for the same day every few seconds. Only the last minutes of it are new. */
const computed = new WeakMap<readonly number[], Durations>()

const toDurations = (histogram: readonly number[]): Durations => {
  const known = computed.get(histogram)
  if (known !== undefined) return known
  const count = histogram.reduce((sum, one) => sum + one, 0)
  const durations = { count, p50: toPercentile(histogram, 0.5), p95: toPercentile(histogram, 0.95) }
  computed.set(histogram, durations)
  return durations
}

const toDurationSeries = (steps: readonly Numbers[], name: DurationName) => {
  const durations = steps.map(({ histograms }) => toDurations(histograms[name]))
  return {
    count: durations.map(({ count }) => count),
    p50: durations.map(({ p50 }) => p50),
    p95: durations.map(({ p95 }) => p95),
  }
}

const toGaugeSeries = (steps: readonly Fields[], name: GaugeName) => {
  const { highest, sum, samples } = FIELD.gauge(name)
  const toMean = (fields: Fields): number | null => {
    const count = fields[samples] ?? 0
    return count === 0 ? null : Math.round(((fields[sum] ?? 0) / count) * 100) / 100
  }
  return { highest: steps.map((fields) => fields[highest] ?? null), mean: steps.map(toMean) }
}

/** The answer, from the numbers of each step. */
export const toStats = ({ fromMs, stepMs }: StatsRange, steps: readonly Numbers[]): Stats => {
  const all = addNumbers(steps)
  const fields = steps.map((step) => step.fields)
  const codes = findCodes(all.fields)
  const toEnded = (outcome: OutcomeClass) => (one: Fields) => one[FIELD.ended(outcome)] ?? 0
  const toRefused = (code: ErrorCode) => (one: Fields) => one[FIELD.refused(code)] ?? 0
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(fromMs + steps.length * stepMs).toISOString(),
    stepMs,
    series: {
      accepted: fields.map((one) => one[FIELD.accepted] ?? 0),
      refused: toRecord(codes, (code) => fields.map(toRefused(code))),
      ended: toRecord(OUTCOME_CLASSES, (outcome) => fields.map(toEnded(outcome))),
      waitMs: toDurationSeries(steps, 'wait'),
      firstOutputMs: toDurationSeries(steps, 'first'),
      runMs: toDurationSeries(steps, 'run'),
      waiting: toGaugeSeries(fields, 'waiting'),
      running: toGaugeSeries(fields, 'running'),
    },
    totals: {
      accepted: all.fields[FIELD.accepted] ?? 0,
      refused: toRecord(codes, (code) => toRefused(code)(all.fields)),
      ended: toRecord(OUTCOME_CLASSES, (outcome) => toEnded(outcome)(all.fields)),
      waitMs: toDurations(all.histograms.wait),
      firstOutputMs: toDurations(all.histograms.first),
      runMs: toDurations(all.histograms.run),
    },
  }
}
