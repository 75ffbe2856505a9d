import { jobIdSchema, submittedProgramSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { requesterOf } from '../access/requester.ts'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

export const programRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, { operations }) => {
  app.get(
    '/v1/jobs/:id/program',
    {
      config: { scope: 'read', resource: 'job', submits: false, stream: false },
      schema: {
        summary: "Read a job's program",
        description:
          'What the job runs, with every choice made: its files or code, arguments, input, terminal and limits. Kept as long as the job. Of the environment only the names.',
        tags: ['jobs'],
        params: z.strictObject({ id: jobIdSchema }),
        response: { 200: submittedProgramSchema, ...errorAnswers(404, 503) },
      },
    },
    async (request) => operations.readProgram(requesterOf(request), request.params.id),
  )
}
