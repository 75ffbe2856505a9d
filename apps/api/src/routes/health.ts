import { errorSchema, RequestError, servedIsolationSchema } from '@runnel/contract/public'
import { type Operations, redisUnavailable } from '@runnel/operations'
import type { WorkerCount } from '@runnel/registry'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { PUBLIC } from '../access/route-access.ts'
import type { Backend } from '../backend.ts'
import { toErrorBody } from '../errors/to-request-error.ts'
import type { RouteOptions } from './route-options.ts'

const workerCounts = {
  workers: z
    .int()
    .nonnegative()
    .describe('Workers that take jobs. With none, jobs are accepted and wait, but not forever.'),
  workersNotReady: z
    .int()
    .nonnegative()
    .describe('Workers that are alive and take none: drained, stopping, or without an engine that makes sandboxes.'),
  workersDrained: z.int().nonnegative().describe('Those of `workersNotReady` that an operator has drained.'),
  isolation: servedIsolationSchema
    .optional()
    .describe('What a worker gives jobs instead of isolation `job`, and why. Absent if all workers give them that.'),
}

const readySchema = z.strictObject({
  status: z.literal('ready'),
  redis: z.literal('up'),
  ...workerCounts,
})

const unavailableSchema = z.strictObject({
  status: z.literal('unavailable'),
  redis: z.enum(['up', 'down']),
  ...workerCounts,
  error: errorSchema,
})

const NO_WORKERS: WorkerCount = { ready: 0, notReady: 0, drained: 0 }

/** How many workers there are; undefined if Redis does not answer. */
const countWorkers = async ({ workers }: Backend): Promise<WorkerCount | undefined> => {
  try {
    return await workers.count()
  } catch {
    return undefined
  }
}

/** Why it takes no jobs; undefined if it takes some. Asking drops finished jobs if that makes room. */
const findReason = async (
  operations: Operations,
  count: WorkerCount | undefined,
  closing: AbortSignal,
): Promise<RequestError | undefined> => {
  if (closing.aborted) return new RequestError('shutting-down', 'The server is stopping')
  if (count === undefined) return redisUnavailable()
  try {
    if (await operations.hasRoom()) return undefined
    return new RequestError('storage-full', 'Redis is full, and no finished job is left to drop')
  } catch {
    return redisUnavailable()
  }
}

export const healthRoutes: FastifyPluginAsyncZod<Pick<RouteOptions, 'operations' | 'backend' | 'closing'>> = async (
  app,
  { operations, backend, closing },
) => {
  app.get(
    '/health/live',
    {
      config: PUBLIC,
      schema: {
        summary: 'Is the process alive?',
        description: 'Answers as long as the process does. For deciding whether to restart it.',
        tags: ['health'],
        security: [],
        response: { 200: z.strictObject({ status: z.literal('live') }) },
      },
    },
    async () => ({ status: 'live' }) as const,
  )

  app.get(
    '/health/ready',
    {
      config: PUBLIC,
      schema: {
        summary: 'Can it take jobs?',
        description:
          'Ready as long as Redis answers and has room for jobs, and the server is not stopping. For deciding whether to send it requests.',
        tags: ['health'],
        security: [],
        response: { 200: readySchema, 503: unavailableSchema },
      },
    },
    async (request, reply) => {
      const count = await countWorkers(backend)
      const { ready: workers, notReady: workersNotReady, drained: workersDrained, ...rest } = count ?? NO_WORKERS
      const counts = { workers, workersNotReady, workersDrained, ...rest }
      const reason = await findReason(operations, count, closing)
      if (reason === undefined) return { status: 'ready', redis: 'up', ...counts } as const
      return reply.code(503).send({
        status: 'unavailable',
        redis: count === undefined ? 'down' : 'up',
        ...counts,
        ...toErrorBody(reason, request.id),
      })
    },
  )
}
