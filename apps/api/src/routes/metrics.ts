import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

export const metricsRoutes: FastifyPluginAsyncZod<Pick<RouteOptions, 'metrics'>> = async (app, { metrics }) => {
  app.get(
    '/metrics',
    {
      config: { scope: 'admin', resource: 'none', submits: false, stream: false },
      schema: {
        summary: 'Metrics for Prometheus',
        description:
          "What this API process counted since its start, the queue and the workers as they are now, and Node's own metrics, in Prometheus' text format.",
        tags: ['operate'],
        response: {
          200: { description: 'The metrics.', content: { 'text/plain': { schema: z.string() } } },
          ...errorAnswers(403),
        },
      },
    },
    async (_request, reply) => {
      const text = await metrics.read()
      return reply.type(metrics.contentType).send(text)
    },
  )
}
