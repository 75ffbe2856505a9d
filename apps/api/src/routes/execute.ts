import { executeRequestSchema, executeResponseSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { auditOf } from '../access/audit.ts'
import { callerOf } from '../access/caller.ts'
import { toInvalidRequest } from '../errors/invalid-request.ts'
import { cancelAbandoned } from '../jobs/cancel-abandoned.ts'
import { createJob } from '../jobs/create-job.ts'
import { executeCode } from '../jobs/execute-code.ts'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

export const executeRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, options) => {
  const { backend, deployment, submissionSchema, closing, whileConnected } = options
  for (const url of ['/execute', '/api/execute']) {
    app.post(
      url,
      {
        schema: {
          summary: 'Run a program and wait for it',
          description:
            'The smallest contract there is: one program in, what it printed back. Limits are the defaults. The program is canceled when the caller goes away.',
          tags: ['execute'],
          body: executeRequestSchema,
          response: { 200: executeResponseSchema, ...errorAnswers(400, 413, 415, 429, 503) },
        },
      },
      async (request, reply) => {
        const submission = submissionSchema.safeParse(request.body)
        if (!submission.success) throw toInvalidRequest(submission.error, 'the body')
        const { tenant } = callerOf(request)
        const job = createJob(deployment, tenant, submission.data)
        const audit = auditOf(request)
        const abandon = (id: string): void => void cancelAbandoned(backend, id, { closing, log: request.log, audit })
        return executeCode(backend, job, { tenant: tenant.limits, signal: whileConnected(reply.raw), abandon, audit })
      },
    )
  }
}
