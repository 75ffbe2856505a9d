import { errorSchema, RequestError } from '@runnel/contract'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Backend } from '../backend.ts'
import { toRedisUnavailable } from '../errors/redis-outage.ts'
import { toErrorBody } from '../errors/to-request-error.ts'
import type { RouteOptions } from './route-options.ts'

const readySchema = z.strictObject({
  status: z.literal('ready'),
  redis: z.literal('up'),
  workers: z.int().nonnegative().describe('Workers alive. With none, jobs are taken and wait.'),
})

const unavailableSchema = z.strictObject({
  status: z.literal('unavailable'),
  redis: z.enum(['up', 'down']),
  workers: z.int().nonnegative(),
  error: errorSchema,
})

/** How many workers there are, or undefined where Redis does not say. */
const countWorkers = async ({ workers }: Backend): Promise<number | undefined> => {
  try {
    return await workers.count()
  } catch {
    return undefined
  }
}

export const healthRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, { backend, closing }) => {
  app.get(
    '/health/live',
    {
      schema: {
        summary: 'Is the process alive?',
        description: 'Answers as long as the process does. For deciding whether to restart it.',
        tags: ['health'],
        response: { 200: z.strictObject({ status: z.literal('live') }) },
      },
    },
    async () => ({ status: 'live' }) as const,
  )

  app.get(
    '/health/ready',
    {
      schema: {
        summary: 'Can it take jobs?',
        description:
          'Ready as long as Redis answers and the server is not stopping. For deciding whether to send it requests.',
        tags: ['health'],
        response: { 200: readySchema, 503: unavailableSchema },
      },
    },
    async (request, reply) => {
      const workers = await countWorkers(backend)
      if (workers !== undefined && !closing.aborted) return { status: 'ready', redis: 'up', workers } as const
      const reason = closing.aborted
        ? new RequestError('shutting-down', 'The server is stopping')
        : toRedisUnavailable()
      return reply.code(503).send({
        status: 'unavailable',
        redis: workers === undefined ? 'down' : 'up',
        workers: workers ?? 0,
        ...toErrorBody(reason, request.id),
      })
    },
  )
}
