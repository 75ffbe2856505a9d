import { z } from 'zod'
import { artifactsShape } from './artifact.ts'
import { limitsSchema } from './limits.ts'
import { outcomeSchema, usageSchema } from './outcome.ts'
import { extractedSchema } from './program.ts'
import { sandboxIdSchema } from './sandbox-id.ts'
import { chunkSchema } from './text.ts'

/** Made by the server; nobody can guess one. */
export const jobIdSchema = z.string().regex(/^job_[0-9a-f]{32}$/, {
  error: 'Not a job id: one looks like job_ and 32 hex digits',
})

export const jobStatusSchema = z.enum(['queued', 'running', 'finished'])
export type JobStatus = z.infer<typeof jobStatusSchema>

/**
 * How much of each stream is in an answer about a job: as much as the default limit lets a program print. It is built in
 * memory for every request, so it must not grow with the program's limit.
 */
export const JOB_OUTPUT_BYTES = 1024 * 1024

/** Whether a job serves. */
export const serveShape = {
  serve: z.literal(true).optional().describe('It was submitted with `serve`. Absent if not.'),
  serves: z
    .literal(true)
    .optional()
    .describe(
      'It looks as if it serves web pages, and was submitted without `serve`: it runs until a limit ends it, and nobody can reach it. Absent if not.',
    ),
}

/** What the API answers about a job. */
export const jobSchema = z.strictObject({
  id: jobIdSchema,
  status: jobStatusSchema,
  language: z.string(),
  extracted: extractedSchema.optional(),
  submittedAt: z.iso.datetime(),
  limits: limitsSchema,
  sandboxId: sandboxIdSchema
    .optional()
    .describe('The sandbox in which it is a command, or that it has for itself. Absent for other jobs.'),
  ...serveShape,
  queuePosition: z
    .int()
    .nonnegative()
    .optional()
    .describe(
      'While queued: how many jobs are before this one. Tenants take turns, and one that has nothing running comes first, so a later job of another tenant may run first.',
    ),
  estimatedWaitMs: z
    .int()
    .nonnegative()
    .optional()
    .describe(
      'While queued: how long it will probably wait, from how long the running jobs have run and how long the latest ones took. It grows while long jobs run. Absent until a job has finished and one runs.',
    ),
  startedAt: z.iso.datetime().optional(),
  attempt: z.int().nonnegative().describe('How many times a worker has taken it.'),
  finishedAt: z.iso.datetime().optional(),
  outcome: outcomeSchema.optional().describe('When finished.'),
  usage: usageSchema.nullable().optional().describe('When finished; null if the program never started.'),
  ...artifactsShape,
  output: z
    .strictObject({
      stdout: chunkSchema,
      stderr: chunkSchema,
      truncated: z.boolean().describe('The job printed more than this. GET /v1/jobs/:id/events has all of it.'),
      dropped: z
        .literal(true)
        .optional()
        .describe(
          'Output was dropped, or not stored, because Redis was full: the event `dropped` says which. Absent if not.',
        ),
    })
    .optional()
    .describe(`When finished: what it printed, up to the first ${JOB_OUTPUT_BYTES} bytes of each stream.`),
})
export type Job = z.infer<typeof jobSchema>

/** A value that is gone. */
const TENANT_IS_GONE =
  'Cannot use isolation "tenant" any more: send "job", or leave it out; it is the default, as fast, and nothing that a job leaves outlives it'

/**
 * What separates a program from all others. `job`: kernel namespaces, files and a user of its own, in a container that serves
 * one tenant. `container`: a Docker container of its own, which costs many times as much.
 */
export const isolationSchema = z
  .enum(['job', 'container'], {
    error: ({ input }) => (input === 'tenant' ? TENANT_IS_GONE : undefined),
  })
  .describe(
    '`job`: the program gets kernel namespaces, files and processes of its own, in a container that serves your tenant alone. `container`: a Docker container of its own, many times slower where many jobs come. Where a host cannot do `job`, it does `container`.',
  )

/** Signals that a client may send to a running program. */
export const signalNames = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGKILL'] as const
export type SignalName = (typeof signalNames)[number]
