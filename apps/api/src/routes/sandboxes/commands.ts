import {
  commandIdSchema,
  commandListSchema,
  commandSchema,
  createCommandRequestSchema,
  sandboxIdSchema,
} from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { requesterOf } from '../../access/requester.ts'
import { SUBMISSION_BYTES } from '../../input-bounds.ts'
import { errorAnswers } from '../answers.ts'
import { WAIT_MAX_MS, wholeNumber } from '../query-values.ts'
import type { RouteOptions } from '../route-options.ts'
import { IN_SANDBOX } from './sandbox-route-options.ts'

const paramsSchema = z.strictObject({ id: sandboxIdSchema })
export const commandParamsSchema = z.strictObject({ id: sandboxIdSchema, command: commandIdSchema })

const waitQuerySchema = z.strictObject({
  wait: wholeNumber(0, WAIT_MAX_MS)
    .optional()
    .describe(`Answer when it has finished, or after this many milliseconds; up to ${WAIT_MAX_MS}.`),
})

export const commandsRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, options) => {
  const { sandboxes, sandboxPolicy, policy, whileConnected } = options
  const { commandMs } = sandboxPolicy

  app.post(
    '/v1/sandboxes/:id/commands',
    {
      bodyLimit: SUBMISSION_BYTES,
      config: IN_SANDBOX,
      schema: {
        summary: 'Run a command',
        description: [
          'Starts a command: 201 with its `pid`. With `wait`: 200 with its outcome and output if it has finished in time, else 201.',
          'In the foreground it is a run, like a job: its events are kept, it is in the history, and it has an outcome. It is over when its main process has ended and its output was read; what it left behind in the background lives on, and is not read any more.',
          'In the background it is a server, or what takes long: see `background`.',
        ].join('\n'),
        tags: ['sandboxes'],
        params: paramsSchema,
        querystring: waitQuerySchema,
        body: createCommandRequestSchema({ commandMs, outputBytes: policy.outputBytes }),
        response: {
          200: commandSchema,
          201: commandSchema,
          ...errorAnswers(400, 404, 409, 410, 413, 415, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const running = { waitMs: request.query.wait ?? 0, signal: whileConnected(reply.raw) }
      const command = await sandboxes.runCommand(requesterOf(request), id, request.body, running)
      return reply
        .code(command.status === 'finished' ? 200 : 201)
        .header('location', `/v1/sandboxes/${id}/commands/${command.id}`)
        .send(command)
    },
  )

  app.get(
    '/v1/sandboxes/:id/commands',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'List commands',
        description:
          'Those that run and the last that have finished: in the foreground, in the background, and terminals.',
        tags: ['sandboxes'],
        params: paramsSchema,
        response: { 200: commandListSchema, ...errorAnswers(404, 409, 410, 503) },
      },
    },
    async (request) => sandboxes.listCommands(requesterOf(request), request.params.id),
  )

  app.get(
    '/v1/sandboxes/:id/commands/:command',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Ask about a command',
        description: 'As it is now; one in the foreground that has finished with the start of its output.',
        tags: ['sandboxes'],
        params: commandParamsSchema,
        response: { 200: commandSchema, ...errorAnswers(404, 409, 410, 503) },
      },
    },
    async (request) => {
      const { id, command } = request.params
      return sandboxes.readCommand(requesterOf(request), id, command)
    },
  )

  app.delete(
    '/v1/sandboxes/:id/commands/:command',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'End a command',
        description: 'Ends it with all that it started. One that has finished stays as it is.',
        tags: ['sandboxes'],
        params: commandParamsSchema,
        response: { 200: commandSchema, ...errorAnswers(404, 409, 410, 503) },
      },
    },
    async (request) => {
      const { id, command } = request.params
      return sandboxes.endCommand(requesterOf(request), id, command)
    },
  )
}
