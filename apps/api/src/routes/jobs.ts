import { idempotencyKeySchema, type Job, jobPageSchema, jobSchema, RequestError } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { auditOf } from '../access/audit.ts'
import { callerOf } from '../access/caller.ts'
import { cancelAbandoned } from '../jobs/cancel-abandoned.ts'
import { createJob } from '../jobs/create-job.ts'
import { toOnce } from '../jobs/idempotency.ts'
import { listJobs } from '../jobs/list-jobs.ts'
import { readJob } from '../jobs/read-job.ts'
import { runJob } from '../jobs/run-job.ts'
import { submitJob } from '../jobs/submit-job.ts'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

/** Longer than a program may take by default; longer than that, following its events is the better way. */
const WAIT_MAX_MS = 60_000
const PAGE_DEFAULT = 20
const PAGE_MAX = 100

const wholeNumber = (minimum: number, maximum: number) => {
  const error = `it must be a whole number from ${minimum} to ${maximum}`
  return z
    .string()
    .regex(/^\d{1,9}$/, error)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, error)
}

const waitQuerySchema = z.strictObject({
  wait: wholeNumber(0, WAIT_MAX_MS)
    .optional()
    .describe(`Answer when the job has finished, or after this many milliseconds; up to ${WAIT_MAX_MS}.`),
})

const NOTHING_TO_LOSE =
  'Cannot cancel this job when its client disconnects, for nobody waits: send `wait` too, or submit it on a WebSocket'

const pageQuerySchema = z.strictObject({
  limit: wholeNumber(1, PAGE_MAX).optional().describe(`Jobs a page, up to ${PAGE_MAX}; ${PAGE_DEFAULT} when left out.`),
  cursor: z.string().max(256).optional().describe('The `next` of the page before this one.'),
})

export const jobsRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, options) => {
  const { backend, deployment, submissionSchema, closing, whileConnected } = options

  app.post(
    '/v1/jobs',
    {
      schema: {
        summary: 'Submit a program',
        description: [
          'Takes a program and queues it. With `wait`, answers 200 with the finished job if it finishes in time, else 202 with the job as it then is. `Location` is where the job can be asked about.',
          'With an `Idempotency-Key`, submitting again gives the first job as it now stands, and the answer says `Idempotent-Replayed: true`.',
          'Where too many jobs wait already, 429: `details` has the length of the queue, `Retry-After` says when there may be room.',
        ].join('\n'),
        tags: ['jobs'],
        querystring: waitQuerySchema,
        headers: z.looseObject({ 'idempotency-key': idempotencyKeySchema.optional() }),
        body: submissionSchema,
        response: { 200: jobSchema, 202: jobSchema, ...errorAnswers(400, 413, 415, 422, 429, 503) },
      },
    },
    async (request, reply) => {
      const { body, query, headers } = request
      const { tenant } = callerOf(request)
      const job = createJob(deployment, tenant, body)
      const audit = auditOf(request)
      const options = { tenant: tenant.limits, audit, ...toOnce(headers['idempotency-key'], body) }
      const { wait = 0 } = query
      const send = (code: 200 | 202, answer: Job) => {
        if (answer.id !== job.id) reply.header('idempotent-replayed', 'true')
        return reply.code(code).header('location', `/v1/jobs/${answer.id}`).send(answer)
      }
      if (wait === 0) {
        if (body.cancelOnDisconnect) throw new RequestError('invalid-request', NOTHING_TO_LOSE)
        return send(202, await submitJob(backend, job, options))
      }
      const connected = whileConnected(reply.raw)
      const { id, finished } = await runJob(backend, job, { waitMs: wait, signal: connected, ...options })
      const isLeft = finished === undefined && connected.aborted && !closing.aborted
      if (isLeft && body.cancelOnDisconnect) void cancelAbandoned(backend, id, { closing, log: request.log, audit })
      const now = finished ?? (await readJob(backend, id))
      return send(now.status === 'finished' ? 200 : 202, now)
    },
  )

  app.get(
    '/v1/jobs',
    {
      schema: {
        summary: 'List jobs',
        description: 'What was submitted, newest first, in pages, without the output.',
        tags: ['jobs'],
        querystring: pageQuerySchema,
        response: { 200: jobPageSchema, ...errorAnswers(400, 503) },
      },
    },
    async (request) => {
      const { limit = PAGE_DEFAULT, cursor } = request.query
      return listJobs(backend, callerOf(request).tenant.id, { limit, cursor })
    },
  )
}
