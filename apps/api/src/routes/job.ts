import { jobIdSchema, jobSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { callerOf } from '../access/caller.ts'
import { showJob } from '../access/output-rule.ts'
import { requesterOf } from '../access/requester.ts'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

const paramsSchema = z.strictObject({ id: jobIdSchema })

export const jobRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, { operations }) => {
  app.get(
    '/v1/jobs/:id',
    {
      config: { scope: 'read', resource: 'job', submits: false, stream: false },
      schema: {
        summary: 'Ask about a job',
        description:
          'Gives its status; its place while it is queued; its outcome, usage and the start of its output when it has finished. Its events have all of the output.',
        tags: ['jobs'],
        params: paramsSchema,
        response: { 200: jobSchema, ...errorAnswers(404, 503) },
      },
    },
    async (request) => operations.read(requesterOf(request), request.params.id),
  )

  app.delete(
    '/v1/jobs/:id',
    {
      config: { scope: 'submit', resource: 'job', submits: false, stream: false },
      schema: {
        summary: 'Cancel a job',
        description:
          'A queued job finishes at once as canceled, a running one as soon as its worker has ended it. Canceling again, or canceling a finished job, changes nothing. Answers with the job as it stands, without its output if the key may not read.',
        tags: ['jobs'],
        params: paramsSchema,
        response: { 200: jobSchema, ...errorAnswers(404, 503) },
      },
    },
    async (request) => {
      const job = await operations.cancel(requesterOf(request), request.params.id)
      return showJob(callerOf(request), job)
    },
  )
}
