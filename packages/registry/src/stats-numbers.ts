import { DURATIONS, type DurationName, type Fields, readHistogram } from './stats-fields.ts'

/** What was counted in a minute, in an hour, or in several together. */
export interface Numbers {
  /** All fields but those of durations. */
  readonly fields: Fields
  /** How many durations there were, by bucket. */
  readonly histograms: Readonly<Record<DurationName, readonly number[]>>
}

const isOfDuration = (field: string): boolean => DURATIONS.some((name) => field.startsWith(`${name}:`))

/** From the hash in Redis. */
export const toNumbers = (hash: Readonly<Record<string, unknown>>): Numbers => {
  const all: Fields = Object.fromEntries(Object.entries(hash).map(([field, value]) => [field, Number(value)]))
  return {
    fields: Object.fromEntries(Object.entries(all).filter(([field]) => !isOfDuration(field))),
    histograms: {
      wait: readHistogram(all, 'wait'),
      first: readHistogram(all, 'first'),
      run: readHistogram(all, 'run'),
    },
  }
}

const NO_NUMBERS = toNumbers({})

/** Everything is a sum, except the highest of a gauge. */
const addFields = (all: readonly Numbers[]): Fields => {
  const sums: Record<string, number> = {}
  for (const { fields } of all) {
    for (const field of Object.keys(fields)) {
      const [sum, value] = [sums[field] ?? 0, fields[field] ?? 0]
      sums[field] = field.endsWith('.highest') ? Math.max(sum, value) : sum + value
    }
  }
  return sums
}

const addHistograms = (all: readonly Numbers[], name: DurationName): number[] => {
  const sums = [...NO_NUMBERS.histograms[name]]
  for (const { histograms } of all) {
    for (const [bucket, count] of histograms[name].entries()) sums[bucket] = (sums[bucket] ?? 0) + count
  }
  return sums
}

/** One alone stays the same object, so that what was computed from it need not be computed again. */
export const addNumbers = (all: readonly Numbers[]): Numbers => {
  const [only] = all
  if (all.length < 2) return only ?? NO_NUMBERS
  return {
    fields: addFields(all),
    histograms: {
      wait: addHistograms(all, 'wait'),
      first: addHistograms(all, 'first'),
      run: addHistograms(all, 'run'),
    },
  }
}
