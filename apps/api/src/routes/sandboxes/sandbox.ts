import { createSandboxTimesSchema, sandboxIdSchema, sandboxMetricsSchema, sandboxSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { requesterOf } from '../../access/requester.ts'
import { errorAnswers } from '../answers.ts'
import type { RouteOptions } from '../route-options.ts'
import { IN_SANDBOX } from './sandbox-route-options.ts'
import { showSandbox } from './show-sandbox.ts'

const paramsSchema = z.strictObject({ id: sandboxIdSchema })

export const sandboxRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, { sandboxes, sandboxPolicy }) => {
  app.get(
    '/v1/sandboxes/:id',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Ask about a sandbox',
        description:
          'Its status, its place while it is queued, when it ends, its access token. One that has ended can be asked about for the retention time, with `ending`.',
        tags: ['sandboxes'],
        params: paramsSchema,
        response: { 200: sandboxSchema, ...errorAnswers(404, 503) },
      },
    },
    async (request) => showSandbox(request, await sandboxes.read(requesterOf(request), request.params.id)),
  )

  app.patch(
    '/v1/sandboxes/:id',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Set how long it lives',
        description:
          'Sets one of the times, or both. `timeoutMs` counts from this call, and may be shorter than before.',
        tags: ['sandboxes'],
        params: paramsSchema,
        body: createSandboxTimesSchema(sandboxPolicy),
        response: { 200: sandboxSchema, ...errorAnswers(400, 404, 409, 410, 415, 503) },
      },
    },
    async (request) =>
      showSandbox(request, await sandboxes.setTimes(requesterOf(request), request.params.id, request.body)),
  )

  app.delete(
    '/v1/sandboxes/:id',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'End a sandbox',
        description:
          'All that runs in it ends, and its files are gone. One that waits leaves the queue. Answers with the sandbox as it ended; ending it again changes nothing.',
        tags: ['sandboxes'],
        params: paramsSchema,
        response: { 200: sandboxSchema, ...errorAnswers(404, 503) },
      },
    },
    async (request) => showSandbox(request, await sandboxes.delete(requesterOf(request), request.params.id)),
  )

  app.post(
    '/v1/sandboxes/:id/pause',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Pause a sandbox',
        description:
          'All in it is frozen: it gets no processor time and keeps its memory. It cannot become idle; `timeoutMs` goes on. Calls into it get 409 `sandbox-paused`, or resume it with `autoResume`.',
        tags: ['sandboxes'],
        params: paramsSchema,
        response: { 200: sandboxSchema, ...errorAnswers(404, 409, 410, 503) },
      },
    },
    async (request) => showSandbox(request, await sandboxes.pause(requesterOf(request), request.params.id)),
  )

  app.post(
    '/v1/sandboxes/:id/resume',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Resume a sandbox',
        description: 'It goes on where it was paused. One that is not paused gets 409 `sandbox-running`.',
        tags: ['sandboxes'],
        params: paramsSchema,
        response: { 200: sandboxSchema, ...errorAnswers(404, 409, 410, 503) },
      },
    },
    async (request) => showSandbox(request, await sandboxes.resume(requesterOf(request), request.params.id)),
  )

  app.get(
    '/v1/sandboxes/:id/metrics',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Ask what a sandbox uses',
        description: 'Memory, processor time, disk and processes now.',
        tags: ['sandboxes'],
        params: paramsSchema,
        response: { 200: sandboxMetricsSchema, ...errorAnswers(404, 409, 410, 503) },
      },
    },
    async (request) => sandboxes.metrics(requesterOf(request), request.params.id),
  )
}
