import { QUEUE_TENANTS, queueSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { errorAnswers } from './answers.ts'
import { wholeNumber } from './query-values.ts'
import type { RouteOptions } from './route-options.ts'

const { default: fallback, maximum } = QUEUE_TENANTS

const querySchema = z.strictObject({
  limit: wholeNumber(0, maximum)
    .optional()
    .describe(`Tenants in the answer, up to ${maximum}; ${fallback} when left out.`),
})

export const queueRoutes: FastifyPluginAsyncZod<Pick<RouteOptions, 'operations' | 'backend'>> = async (
  app,
  { operations, backend: { tenants } },
) => {
  app.get(
    '/v1/queue',
    {
      config: { scope: 'admin', resource: 'none', submits: false, stream: false },
      schema: {
        summary: 'Look at the queue',
        description:
          'What waits and runs, in all and by tenant: the tenants with the most waiting jobs first. Jobs move while they are counted, so the sums may differ by a few. With more than 10,000 tenants that have jobs, the list is made from 10,000 of them.',
        tags: ['operate'],
        querystring: querySchema,
        response: { 200: queueSchema, ...errorAnswers(400, 403, 503) },
      },
    },
    async ({ query: { limit = fallback } }) => {
      const queue = await operations.readQueue(limit)
      const own = await tenants.getMany(queue.tenants.map(({ tenant }) => tenant))
      const toOwnBound = (at: number, bound: number): number => own[at]?.limits.queued ?? bound
      return {
        ...queue,
        tenants: queue.tenants.map((one, at) => ({ ...one, waitingBound: toOwnBound(at, one.waitingBound) })),
      }
    },
  )
}
