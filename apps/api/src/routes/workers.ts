import { workerListSchema, workerSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { auditLogOf } from '../access/audit-log.ts'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

const paramsSchema = z.strictObject({ id: z.string() })

/** What workers do, and taking one out of service. Each change is a line in the log: what, with which key, from where. */
export const workersRoutes: FastifyPluginAsyncZod<Pick<RouteOptions, 'backend'>> = async (
  app,
  { backend: { workers } },
) => {
  app.get(
    '/v1/workers',
    {
      config: { scope: 'admin', resource: 'none', submits: false, stream: false },
      schema: {
        summary: 'List the workers',
        description:
          'What each worker does, as it last reported: at most a second ago if something changed, else four. One that died stays in the list for an hour; one that stopped in order leaves at once.',
        tags: ['operate'],
        response: { 200: workerListSchema, ...errorAnswers(403, 503) },
      },
    },
    async () => workers.list(),
  )

  app.post(
    '/v1/workers/:id/drain',
    {
      config: { scope: 'admin', resource: 'worker', submits: false, stream: false },
      schema: {
        summary: 'Drain a worker',
        description:
          'Within a second it takes no new jobs; those that run go on. It stays drained until it is resumed, as long as its process lives: after a restart it is a new worker, with a new id, and takes jobs. Draining again changes nothing. If no worker at all takes jobs for ten minutes (a setting), jobs that wait end as `sandbox-failed`.',
        tags: ['operate'],
        params: paramsSchema,
        response: { 200: workerSchema, ...errorAnswers(403, 404, 409, 503) },
      },
    },
    async (request) => {
      const worker = await workers.setDrained(request.params.id, true)
      auditLogOf(request)('A worker was drained', { workerId: worker.id })
      return worker
    },
  )

  app.post(
    '/v1/workers/:id/resume',
    {
      config: { scope: 'admin', resource: 'worker', submits: false, stream: false },
      schema: {
        summary: 'Take a drained worker back',
        description: 'Within a second it takes jobs again. Resuming a worker that is not drained changes nothing.',
        tags: ['operate'],
        params: paramsSchema,
        response: { 200: workerSchema, ...errorAnswers(403, 404, 409, 503) },
      },
    },
    async (request) => {
      const worker = await workers.setDrained(request.params.id, false)
      auditLogOf(request)('A worker was resumed', { workerId: worker.id })
      return worker
    },
  )
}
