import { z } from 'zod'
import { limitsSchema } from './limits.ts'
import { outcomeSchema, usageSchema } from './outcome.ts'
import { chunkSchema } from './text.ts'

/** Server-made, unguessable. */
export const jobIdSchema = z.string().regex(/^job_[0-9a-f]{32}$/, {
  error: 'Not a job id: one looks like job_ and 32 hex digits',
})

export const jobStatusSchema = z.enum(['queued', 'running', 'finished'])
export type JobStatus = z.infer<typeof jobStatusSchema>

/**
 * How much of each stream an answer about a job has: as much as a program prints under the default limit. It is put
 * together in memory for every caller that asks, so it must not grow with what a program may print.
 */
export const JOB_OUTPUT_BYTES = 1024 * 1024

/** What the API answers about a job. */
export const jobSchema = z.strictObject({
  id: jobIdSchema,
  status: jobStatusSchema,
  language: z.string(),
  submittedAt: z.iso.datetime(),
  limits: limitsSchema,
  queuePosition: z
    .int()
    .nonnegative()
    .optional()
    .describe(
      'While queued: how many jobs are before this one. Tenants take turns, so a later one of another may go first.',
    ),
  estimatedWaitMs: z
    .int()
    .nonnegative()
    .optional()
    .describe(
      'While queued: how long it will probably wait, from how long the latest jobs took and how many run now. Absent where there is nothing to reckon with.',
    ),
  startedAt: z.iso.datetime().optional(),
  attempt: z.int().nonnegative().describe('How many times a worker has taken it.'),
  finishedAt: z.iso.datetime().optional(),
  outcome: outcomeSchema.optional().describe('When finished.'),
  usage: usageSchema.nullable().optional().describe('When finished; null if the program never started.'),
  output: z
    .strictObject({
      stdout: chunkSchema,
      stderr: chunkSchema,
      truncated: z.boolean().describe('It printed more than this; GET /v1/jobs/:id/events has all of it.'),
    })
    .optional()
    .describe(`When finished: what it printed, up to the first ${JOB_OUTPUT_BYTES} bytes of each stream.`),
})
export type Job = z.infer<typeof jobSchema>

/**
 * Who shares a sandbox. `job`: nobody; it is made for this job and removed after it. `tenant`: jobs of the same tenant,
 * one after another and many times as fast; each has a user, a workspace and processes of its own, and nothing that
 * one leaves is there for the next.
 */
export const isolationSchema = z
  .enum(['job', 'tenant'])
  .describe(
    '`job`: a sandbox of its own. `tenant`: one that has served, and will serve, other jobs of the same tenant; what each leaves is removed. Many times the throughput.',
  )

export const jobPageSchema = z.strictObject({
  jobs: z.array(jobSchema.omit({ output: true })),
  next: z.string().optional().describe('Give it as `cursor` for the page after this one; absent on the last page.'),
})
export type JobPage = z.infer<typeof jobPageSchema>

/** Signals that a client may send to a running program. */
export const signalNames = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGKILL'] as const
export type SignalName = (typeof signalNames)[number]
