import { z } from 'zod'
import { jobSchema, jobStatusSchema } from './job.ts'
import { OUTCOME_CLASSES, type OutcomeClass } from './outcome.ts'

/** Jobs in one page of `GET /v1/jobs`. */
export const JOB_PAGE = { default: 20, maximum: 100 } as const
/** How much of the first line of a program the history keeps, in characters. */
export const FIRST_LINE_CHARACTERS = 200
/** The longest text that can be searched for, in characters: a first line has no more. */
const SEARCH_CHARACTERS = FIRST_LINE_CHARACTERS
/** How many jobs one request looks at when it searches. */
export const SEARCH_JOBS = 5_000

const UNLISTED = {
  output: true,
  queuePosition: true,
  estimatedWaitMs: true,
  artifacts: true,
  artifactsLeftOut: true,
} as const

/** A job in a list: without its output, but with what tells it from others. */
export const listedJobSchema = jobSchema.omit(UNLISTED).extend({
  firstLine: z
    .string()
    .optional()
    .describe(
      `The first line with content of the file that is run, without a line that starts with #! and without spaces around it; up to ${FIRST_LINE_CHARACTERS} characters. Empty if that file is no text. Absent for a job that an older version accepted.`,
    ),
  key: z
    .strictObject({ id: z.string(), name: z.string().describe('As the key was named when it was made; may be empty.') })
    .optional()
    .describe('The key that submitted the job. Absent if there were no keys, or an older version accepted the job.'),
})
export type ListedJob = z.infer<typeof listedJobSchema>

export const jobPageSchema = z.strictObject({
  jobs: z.array(listedJobSchema),
  next: z.string().optional().describe('The `cursor` of the next page. Absent on the last page.'),
  lookedBackTo: z.iso
    .datetime()
    .optional()
    .describe(
      `Only with \`q\`, \`status\` or \`by\`: the oldest job that this request looked at was submitted at this time. A request looks at up to ${SEARCH_JOBS} jobs. With \`next\` the search continues from here; without it, all jobs were looked at. Absent if there was no job to look at.`,
    ),
})
export type JobPage = z.infer<typeof jobPageSchema>

const wholeNumber = (minimum: number, maximum: number) => {
  const error = `it must be a whole number from ${minimum} to ${maximum}`
  return z
    .string()
    .regex(/^\d{1,9}$/, error)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, error)
}

/** `exited` in a filter stands for both ways to exit. */
const OUTCOME_WORDS: Readonly<Record<string, readonly OutcomeClass[]>> = {
  ...Object.fromEntries(OUTCOME_CLASSES.map((name) => [name, [name]])),
  exited: ['succeeded', 'failed'],
}

/** More than there are values of any filter. */
const FILTER_VALUES = 64

/** One or several values: `a,b`, or the parameter more than once. */
const words = z
  .union([z.string().max(1_000), z.array(z.string().max(1_000)).max(FILTER_VALUES)])
  .transform((given) => [...new Set([given].flat().flatMap((part) => part.split(',')))])

const knownWords = <T>(parameter: string, known: Readonly<Record<string, readonly T[]>>) =>
  words.transform((given, context) => {
    const unknown = given.find((word) => !Object.hasOwn(known, word))
    if (unknown === undefined) return [...new Set(given.flatMap((word) => known[word] ?? []))]
    context.addIssue({
      code: 'custom',
      message: `Cannot filter by the ${parameter} ${JSON.stringify(unknown)}: use one or several of ${Object.keys(known).join(', ')}`,
    })
    return z.NEVER
  })

const time = (parameter: string) =>
  z.iso
    .datetime({
      offset: true,
      error: ({ input }) => `Cannot read ${parameter} ${JSON.stringify(input)}: write a time like 2026-11-29T12:00:00Z`,
    })
    .transform((text) => new Date(text))

const STATUS_WORDS = Object.fromEntries(jobStatusSchema.options.map((status) => [status, [status]]))

/** The query of `GET /v1/jobs`. Filters are combined: a job must pass each of them. */
export const jobListQuerySchema = z
  .strictObject({
    limit: wholeNumber(1, JOB_PAGE.maximum)
      .optional()
      .describe(`Jobs a page, up to ${JOB_PAGE.maximum}; ${JOB_PAGE.default} when left out.`),
    cursor: z.string().max(256).optional().describe('The `next` of the page before this one, with the same filters.'),
    outcome: knownWords('outcome', OUTCOME_WORDS)
      .optional()
      .describe(
        `Only jobs that ended so, one or several with commas: ${Object.keys(OUTCOME_WORDS).join(', ')}. \`succeeded\` is exit code 0, \`failed\` any other, \`exited\` both.`,
      ),
    language: words.optional().describe('Only these languages, one or several with commas: ids or aliases.'),
    status: knownWords('status', STATUS_WORDS)
      .optional()
      .describe('Only jobs with this status, one or several with commas: queued, running, finished.'),
    q: z
      .string()
      .max(SEARCH_CHARACTERS, {
        error: `Cannot search for more than ${SEARCH_CHARACTERS} characters: first lines have no more`,
      })
      .optional()
      .describe('Only jobs with this text in `firstLine`, in upper or lower case.'),
    from: time('from').optional().describe('Only jobs from this time on, this time included.'),
    to: time('to').optional().describe('Only jobs before this time.'),
    by: z
      .enum(['submitted', 'started', 'finished'])
      .optional()
      .describe(
        'Which time of a job `from` and `to` mean; `submitted` when left out. The order is always by submission.',
      ),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['to'],
    error: 'Cannot list jobs between these times: `to` must be later than `from`',
  })
export type JobListQuery = z.output<typeof jobListQuerySchema>
