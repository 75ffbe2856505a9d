import { z } from 'zod'
import { ERROR_STATUS, type ErrorCode } from './error.ts'
import { OUTCOME_CLASSES, type OutcomeClass } from './outcome.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How long numbers are kept, and how many are in one answer. */
export const STATS = {
  /** Numbers by the minute. */
  minute: { stepMs: MINUTE_MS, keptMs: DAY_MS },
  /** Numbers by the hour. */
  hour: { stepMs: HOUR_MS, keptMs: 30 * DAY_MS },
  steps: 1_500,
} as const

/**
 * The upper ends of the buckets that durations are counted in, in ms. Every process has the same, so their counts can be added.
 * A percentile is as exact as its bucket is wide: neighbours differ by a factor of 1.3 to 2, and of 3 at most above a minute.
 */
export const DURATION_BUCKETS_MS = [
  1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000, 7_000, 10_000,
  15_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
] as const

const counts = z.array(z.int().nonnegative())
const byCode = <V extends z.ZodType>(value: V) =>
  z.partialRecord(z.enum(Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]), value)
const byOutcome = <V extends z.ZodType>(value: V) => z.record(z.enum(OUTCOME_CLASSES), value)

const ms = z.number().nonnegative().nullable()
const durationsSchema = z.strictObject({
  count: counts.describe('How many were measured.'),
  p50: z.array(ms).describe('Half of them took at most this long. null: none was measured.'),
  p95: z.array(ms).describe('95 of 100 took at most this long.'),
})
const durationTotalsSchema = z.strictObject({ count: z.int().nonnegative(), p50: ms, p95: ms })

const gaugeSchema = z.strictObject({
  highest: z.array(z.number().nonnegative().nullable()).describe('null: nothing was measured.'),
  mean: z.array(z.number().nonnegative().nullable()),
})

const WAIT = 'From the submission of a job until a worker took it.'
const FIRST_OUTPUT =
  'From the submission of a job until its first output was published. Jobs without output do not count.'
const RUN = 'How long programs ran.'

/** `GET /v1/stats`: numbers of all tenants. */
export const statsSchema = z.strictObject({
  from: z.iso.datetime().describe('The start of the first step.'),
  to: z.iso.datetime().describe('The end of the last step. It may be later than now.'),
  stepMs: z.int().positive(),
  series: z
    .strictObject({
      accepted: counts.describe('Jobs that were accepted.'),
      refused: byCode(counts).describe(
        'Submissions that were answered with an error, by its code. Only codes that occur.',
      ),
      ended: byOutcome(counts).describe('Jobs that ended, by outcome.'),
      waitMs: durationsSchema.describe(WAIT),
      firstOutputMs: durationsSchema.describe(FIRST_OUTPUT),
      runMs: durationsSchema.describe(RUN),
      waiting: gaugeSchema.describe('Jobs that waited, measured every few seconds.'),
      running: gaugeSchema.describe('Jobs that workers had, measured every few seconds.'),
    })
    .describe('Entry n of each list is for the step that starts at `from` + n × `stepMs`.'),
  totals: z
    .strictObject({
      accepted: z.int().nonnegative(),
      refused: byCode(z.int().nonnegative()),
      ended: byOutcome(z.int().nonnegative()),
      waitMs: durationTotalsSchema,
      firstOutputMs: durationTotalsSchema,
      runMs: durationTotalsSchema,
    })
    .describe('All steps together.'),
})
export type Stats = z.output<typeof statsSchema>
export type RefusedByCode<T> = Partial<Record<ErrorCode, T>>
export type EndedByOutcome<T> = Record<OutcomeClass, T>
