import { jobIdSchema, signalSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { requesterOf } from '../access/requester.ts'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

export const signalRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, { operations }) => {
  app.post(
    '/v1/jobs/:id/signal',
    {
      config: { scope: 'submit', resource: 'job', submits: false, stream: false },
      schema: {
        summary: 'Send a signal to a job',
        description:
          'The program and the processes of its group get the signal. A queued job gets it when it starts. To end a job for certain, cancel it.',
        tags: ['jobs'],
        params: z.strictObject({ id: jobIdSchema }),
        body: signalSchema,
        response: {
          204: z.void().describe('It is on its way to the program.'),
          ...errorAnswers(400, 404, 409, 413, 415, 503),
        },
      },
    },
    async (request, reply) => {
      await operations.sendSignal(requesterOf(request), request.params.id, request.body.signal)
      return reply.code(204).send()
    },
  )
}
