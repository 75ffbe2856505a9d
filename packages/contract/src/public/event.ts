import { z } from 'zod'
import { artifactsShape } from './artifact.ts'
import { serveShape } from './job.ts'
import { limitsSchema } from './limits.ts'
import { outcomeSchema, usageSchema } from './outcome.ts'
import { portSchema } from './port.ts'
import { extractedSchema } from './program.ts'
import { sandboxIdSchema } from './sandbox-id.ts'
import { terminalSizeShape } from './terminal.ts'
import { encodingSchema } from './text.ts'

/**
 * `<attempt>-<n>`. The attempt is 0 while the job is queued, then 1, 2, … for every time a worker takes it;
 * n counts from 1 without gaps within an attempt, except before `dropped`. It is the Redis stream id, the `id:` of a server-sent event
 * and the token to resume from.
 */
export const eventIdSchema = z.string().regex(/^(0|[1-9]\d{0,8})-(0|[1-9]\d{0,8})$/, {
  error: ({ input }) => `Cannot resume after ${JSON.stringify(input)}: an event id looks like "1-12"`,
})

export interface EventPosition {
  readonly attempt: number
  readonly n: number
}

export const readEventId = (id: string): EventPosition => {
  const [attempt, n] = id.split('-')
  return { attempt: Number(attempt), n: Number(n) }
}

export const toEventId = ({ attempt, n }: EventPosition): string => `${attempt}-${n}`

const base = { jobId: z.string(), id: eventIdSchema, at: z.iso.datetime() }

/** One numbered thing that happened to a job. `finished` is always the last. */
export const jobEventSchema = z.discriminatedUnion('type', [
  z.object({
    ...base,
    type: z.literal('queued'),
    language: z.string(),
    extracted: extractedSchema.optional(),
    limits: limitsSchema,
    interactive: z.boolean(),
    tty: z.boolean().optional().describe('Whether the program runs on a terminal. Absent if not.'),
    sandboxId: sandboxIdSchema
      .optional()
      .describe('The sandbox in which it is a command, or that it has for itself. Absent for other jobs.'),
    ...serveShape,
  }),
  z
    .object({
      ...base,
      type: z.literal('started'),
      cols: terminalSizeShape.cols.optional(),
      rows: terminalSizeShape.rows.optional(),
    })
    .describe('`cols` and `rows` are the first size of the terminal of a job with `tty`; absent without.'),
  z.object({
    ...base,
    type: z.literal('stdout'),
    encoding: encodingSchema,
    data: z.string(),
  }),
  z.object({
    ...base,
    type: z.literal('stderr'),
    encoding: encodingSchema,
    data: z.string(),
  }),
  z
    .object({
      ...base,
      type: z.literal('dropped'),
      first: eventIdSchema.describe('The first event that was left out. The last one is the id of this event.'),
    })
    .describe(
      'Output was left out. Of a job: because Redis was full; more output of this attempt does not come, and the program itself runs on. Of a job with `serve`: also because it printed more than `limits.outputBytes`. Of a background command: the oldest output, because a command keeps only the last part; what follows is complete.',
    ),
  z
    .object({
      ...base,
      type: z.literal('port'),
      sandboxId: sandboxIdSchema.describe('The sandbox of the program: a part of the name of the preview.'),
      port: portSchema,
      open: z.boolean().describe('False: the program does not listen on it any more.'),
      url: z.url().optional().describe('Where browsers see it. Only in what the API sends.'),
    })
    .describe(
      'A program that serves has started, or stopped, to listen on a port. Of a site: port 80, which is always there.',
    ),
  z.object({ ...base, type: z.literal('restarted') }).describe('The job starts again: drop the output so far.'),
  z.object({
    ...base,
    type: z.literal('finished'),
    outcome: outcomeSchema,
    usage: usageSchema.nullable(),
    ...artifactsShape,
  }),
])
export type JobEvent = z.infer<typeof jobEventSchema>
export type JobEventType = JobEvent['type']
