import { DURATION_BUCKETS_MS, type ErrorCode, type OutcomeClass } from '@runnel/contract/public'

/** Each is a histogram. */
export const DURATIONS = ['wait', 'first', 'run'] as const
export type DurationName = (typeof DURATIONS)[number]

/** Each is measured now and then. */
export const GAUGES = ['waiting', 'running'] as const
export type GaugeName = (typeof GAUGES)[number]

/** The fields of a hash, or the sums of several. */
export type Fields = Readonly<Record<string, number>>

const OVER = 'over'

/** The bucket of a duration: its upper end, or `over` for those longer than the last. */
const toBucket = (ms: number): string => String(DURATION_BUCKETS_MS.find((end) => ms <= end) ?? OVER)

/**
 * The fields of the hash that has the numbers of one minute, or of one hour. All are sums, except `….highest`.
 *
 *   accepted           refused:<code>    ended:<outcome>
 *   wait:<bucket>      first:<bucket>    run:<bucket>       named by the upper end of the bucket in ms
 *   waiting.highest    waiting.sum       waiting.samples    and the same of `running`
 */
export const FIELD = {
  accepted: 'accepted',
  refused: (code: ErrorCode) => `refused:${code}`,
  ended: (outcome: OutcomeClass) => `ended:${outcome}`,
  duration: (name: DurationName, ms: number) => `${name}:${toBucket(ms)}`,
  gauge: (name: GaugeName) => ({ highest: `${name}.highest`, sum: `${name}.sum`, samples: `${name}.samples` }),
} as const

/** Made once, because many hashes are read. */
const bucketsOf = (name: DurationName): readonly string[] =>
  [...DURATION_BUCKETS_MS, OVER].map((end) => `${name}:${end}`)
const BUCKETS = { wait: bucketsOf('wait'), first: bucketsOf('first'), run: bucketsOf('run') }

/** The counts of a histogram, in the order of `DURATION_BUCKETS_MS`; the last one is of those over the last bucket. */
export const readHistogram = (fields: Fields, name: DurationName): number[] =>
  BUCKETS[name].map((field) => fields[field] ?? 0)

/** The text after the colon in the fields that start with `group`, with their values. */
export const readGroup = (fields: Fields, group: 'refused' | 'ended'): [string, number][] =>
  Object.entries(fields).flatMap(([field, value]) =>
    field.startsWith(`${group}:`) ? [[field.slice(group.length + 1), value]] : [],
  )
