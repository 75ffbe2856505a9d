import { jobIdSchema, terminalSizeSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { requesterOf } from '../access/requester.ts'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

export const resizeRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, { operations }) => {
  app.post(
    '/v1/jobs/:id/resize',
    {
      config: { scope: 'submit', resource: 'job', submits: false, stream: false },
      schema: {
        summary: "Resize a job's terminal",
        description:
          'The job must have been submitted with `tty: true`. The processes in the foreground get SIGWINCH. A queued job gets its new size as soon as it has started.',
        tags: ['jobs'],
        params: z.strictObject({ id: jobIdSchema }),
        body: terminalSizeSchema,
        response: {
          204: z.void().describe('It is on its way to the program.'),
          ...errorAnswers(400, 404, 409, 413, 415, 503),
        },
      },
    },
    async (request, reply) => {
      await operations.sendResize(requesterOf(request), request.params.id, request.body)
      return reply.code(204).send()
    },
  )
}
