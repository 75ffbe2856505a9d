import {
  createSandboxRequestSchema,
  sandboxListQuerySchema,
  sandboxPageSchema,
  sandboxSchema,
} from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { requesterOf } from '../../access/requester.ts'
import { SUBMISSION_BYTES } from '../../input-bounds.ts'
import { errorAnswers } from '../answers.ts'
import { WAIT_MAX_MS, wholeNumber } from '../query-values.ts'
import type { RouteOptions } from '../route-options.ts'
import { showSandbox } from './show-sandbox.ts'

const waitQuerySchema = z.strictObject({
  wait: wholeNumber(0, WAIT_MAX_MS)
    .optional()
    .describe(`Answer when it runs, or after this many milliseconds; up to ${WAIT_MAX_MS}.`),
})

export const sandboxesRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, options) => {
  const { sandboxes, sandboxPolicy, whileConnected } = options

  app.post(
    '/v1/sandboxes',
    {
      bodyLimit: SUBMISSION_BYTES,
      config: { scope: 'sandboxes', resource: 'none', submits: true, stream: false },
      schema: {
        summary: 'Make a sandbox',
        description: [
          'Queues a sandbox: 202 with its place. With `wait`: 201 with the sandbox if it runs in time, else 202. `Location` is its URL.',
          'If as many live as the tenant or the workers may have, answers 429 `too-many-sandboxes` with a sentence that says the bound.',
        ].join('\n'),
        tags: ['sandboxes'],
        querystring: waitQuerySchema,
        body: createSandboxRequestSchema(sandboxPolicy),
        response: { 201: sandboxSchema, 202: sandboxSchema, ...errorAnswers(400, 410, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const { wait = 0 } = request.query
      const waiting = { waitMs: wait, signal: whileConnected(reply.raw) }
      const sandbox = await sandboxes.create(requesterOf(request), request.body, waiting)
      return reply
        .code(sandbox.status === 'queued' ? 202 : 201)
        .header('location', `/v1/sandboxes/${sandbox.id}`)
        .send(showSandbox(request, sandbox))
    },
  )

  app.get(
    '/v1/sandboxes',
    {
      config: { scope: 'sandboxes', resource: 'none', submits: false, stream: false },
      schema: {
        summary: 'List sandboxes',
        description:
          'The sandboxes of the tenant, newest first, in pages, without their access tokens: those that wait, run, are paused, and have ended. Filters are combined. A page may be short, or empty, and still have a `next`.',
        tags: ['sandboxes'],
        querystring: sandboxListQuerySchema,
        response: { 200: sandboxPageSchema, ...errorAnswers(400, 503) },
      },
    },
    async (request) => sandboxes.list(requesterOf(request), request.query),
  )
}
