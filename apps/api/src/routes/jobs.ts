import { jobPageSchema, jobSchema } from '@runnel/contract'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { callerOf } from '../access/caller.ts'
import { createJob } from '../jobs/create-job.ts'
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

const pageQuerySchema = z.strictObject({
  limit: wholeNumber(1, PAGE_MAX).optional().describe(`Jobs a page, up to ${PAGE_MAX}; ${PAGE_DEFAULT} when left out.`),
  cursor: z.string().max(256).optional().describe('The `next` of the page before this one.'),
})

export const jobsRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, options) => {
  const { backend, deployment, submissionSchema, whileConnected } = options

  app.post(
    '/v1/jobs',
    {
      schema: {
        summary: 'Submit a program',
        description:
          'Takes a program and queues it. With `wait`, answers 200 with the finished job if it finishes in time, else 202 with the job as it then is. `Location` is where the job can be asked about.',
        tags: ['jobs'],
        querystring: waitQuerySchema,
        body: submissionSchema,
        response: { 200: jobSchema, 202: jobSchema, ...errorAnswers(400, 413, 415, 503) },
      },
    },
    async (request, reply) => {
      const job = createJob(deployment, callerOf(request).tenant, request.body)
      reply.header('location', `/v1/jobs/${job.id}`)
      const { wait = 0 } = request.query
      if (wait === 0) return reply.code(202).send(await submitJob(backend, job))
      const finished = await runJob(backend, job, { waitMs: wait, signal: whileConnected(reply.raw) })
      const now = finished ?? (await readJob(backend, job.id))
      return reply.code(now.status === 'finished' ? 200 : 202).send(now)
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
