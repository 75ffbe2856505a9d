import {
  idempotencyKeySchema,
  type Job,
  jobListQuerySchema,
  jobPageSchema,
  jobSchema,
  RequestError,
} from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { callerOf } from '../access/caller.ts'
import { showJob } from '../access/output-rule.ts'
import { requesterOf } from '../access/requester.ts'
import { SUBMISSION_BYTES } from '../input-bounds.ts'
import { errorAnswers } from './answers.ts'
import { WAIT_MAX_MS, wholeNumber } from './query-values.ts'
import type { RouteOptions } from './route-options.ts'

const waitQuerySchema = z.strictObject({
  wait: wholeNumber(0, WAIT_MAX_MS)
    .optional()
    .describe(`Answer when the job has finished, or after this many milliseconds; up to ${WAIT_MAX_MS}.`),
})

const NO_CONNECTION =
  '`cancelOnDisconnect` needs `wait`: without it no client stays connected; send `wait` too, or submit the job on a WebSocket'

export const jobsRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, options) => {
  const { operations, submissionSchema, closing, whileConnected } = options

  app.post(
    '/v1/jobs',
    {
      bodyLimit: SUBMISSION_BYTES,
      config: { scope: 'submit', resource: 'none', submits: true, stream: false },
      schema: {
        summary: 'Submit a program',
        description: [
          'Accepts a program and queues it. With `wait`, answers 200 with the finished job if it finishes in time, else 202 with the job as it is then. `Location` is the URL of the job.',
          'The output is there only if the key may also `read`.',
          'With an `Idempotency-Key`, submitting again returns the first job as it is now, and the answer has `Idempotent-Replayed: true`.',
          'If too many jobs wait already, answers 429: `details` has the length of the queue, `Retry-After` says when there may be room.',
        ].join('\n'),
        tags: ['jobs'],
        querystring: waitQuerySchema,
        headers: z.looseObject({ 'idempotency-key': idempotencyKeySchema.optional() }),
        body: submissionSchema,
        response: { 200: jobSchema, 202: jobSchema, ...errorAnswers(400, 404, 413, 415, 422, 429, 503) },
      },
    },
    async (request, reply) => {
      const { body, query, headers } = request
      const requester = requesterOf(request)
      const idempotencyKey = headers['idempotency-key']
      const { wait = 0 } = query
      const send = (code: 200 | 202, job: Job, isRepeated: boolean) => {
        if (isRepeated) reply.header('idempotent-replayed', 'true')
        return reply
          .code(code)
          .header('location', `/v1/jobs/${job.id}`)
          .send(showJob(callerOf(request), job))
      }
      if (wait === 0) {
        if (body.cancelOnDisconnect) throw new RequestError('invalid-request', NO_CONNECTION)
        const { job, isRepeated } = await operations.submit(requester, body, { idempotencyKey })
        return send(202, job, isRepeated)
      }
      const connected = whileConnected(reply.raw)
      const waited = await operations.submitAndWait(requester, body, {
        idempotencyKey,
        waitMs: wait,
        signal: connected,
      })
      const { id, isRepeated, finished } = waited
      const hasLeft = finished === undefined && connected.aborted && !closing.aborted
      if (hasLeft && body.cancelOnDisconnect) void operations.cancelAbandoned(requester, id, closing)
      const job = finished ?? (await operations.read(requester, id))
      return send(job.status === 'finished' ? 200 : 202, job, isRepeated)
    },
  )

  app.get(
    '/v1/jobs',
    {
      config: { scope: 'read', resource: 'none', submits: false, stream: false },
      schema: {
        summary: 'List jobs',
        description: [
          'The jobs of the tenant, newest first, in pages, without their output: those that wait, run, and have finished. Filters are combined.',
          'A search (`q`, `status`, `by`) looks at a bounded number of jobs, so its page may be short, or empty, and still have a `next`: `lookedBackTo` says how far it looked.',
        ].join('\n'),
        tags: ['jobs'],
        querystring: jobListQuerySchema,
        response: { 200: jobPageSchema, ...errorAnswers(400, 503) },
      },
    },
    async (request) => operations.list(requesterOf(request), request.query),
  )
}
