import {
  backgroundIdSchema,
  RequestError,
  sandboxIdSchema,
  TERMINAL,
  terminalServerFrameSchema,
} from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { callerOf } from '../../access/caller.ts'
import { closeWhenRevoked } from '../../access/close-when-revoked.ts'
import { requesterOf } from '../../access/requester.ts'
import { runTerminalSocket } from '../../events/terminal-socket.ts'
import { errorAnswers } from '../answers.ts'
import { wholeNumber } from '../query-values.ts'
import type { RouteOptions } from '../route-options.ts'
import { STREAM_IN_SANDBOX } from './sandbox-route-options.ts'

const paramsSchema = z.strictObject({ id: sandboxIdSchema })
const querySchema = z.strictObject({
  cols: wholeNumber(1, TERMINAL.maximum).default(TERMINAL.cols).describe(`Columns, 1 to ${TERMINAL.maximum}.`),
  rows: wholeNumber(1, TERMINAL.maximum).default(TERMINAL.rows).describe(`Rows, 1 to ${TERMINAL.maximum}.`),
  command: backgroundIdSchema
    .optional()
    .describe('Connect to this terminal again, the `id` of its `ready`. Without it: a new one.'),
})

export const terminalRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, options) => {
  const { sandboxes, callers, heartbeatMs, whileConnected } = options

  app.route({
    method: 'GET',
    url: '/v1/sandboxes/:id/terminal',
    exposeHeadRoute: false,
    config: STREAM_IN_SANDBOX,
    schema: {
      summary: 'Open a terminal',
      description: [
        'A WebSocket to a shell on a terminal. Binary messages are what is typed, and what is shown. Text messages are JSON:',
        '`{"type": "resize", "cols", "rows"}` to the server; `ready` first, `finished` at the end and `error` from it.',
        'The terminal goes on when the socket closes: connect again with `command`, and get what it showed last. It is a background command: the list has it, and DELETE of that command ends it.',
        'A browser that cannot send a header sends the access token as a subprotocol: `new WebSocket(url, ["runnel", accessToken])`.',
      ].join('\n'),
      tags: ['sandboxes'],
      params: paramsSchema,
      querystring: querySchema,
      response: {
        101: {
          description: 'The text messages from the server.',
          content: { 'application/json': { schema: terminalServerFrameSchema } },
        },
        ...errorAnswers(400, 404, 409, 410, 503),
      },
    },
    // Before the upgrade, so that an unknown sandbox is a 404 to a WebSocket too.
    preHandler: async (request) => {
      await sandboxes.requireLiving(requesterOf(request), request.params.id)
    },
    handler: async () => {
      throw new RequestError('invalid-request', 'Cannot answer this without an upgrade: connect with a WebSocket')
    },
    wsHandler: (socket, request) => {
      const signal = whileConnected(socket)
      closeWhenRevoked(callers, callerOf(request), socket)
      const { id } = paramsSchema.parse(request.params)
      const { command: commandId, ...size } = querySchema.parse(
        Object.fromEntries(new URL(request.url, 'http://runnel').searchParams),
      )
      const open = () => sandboxes.openTerminal(requesterOf(request), id, { ...size, commandId, signal })
      return runTerminalSocket(socket, request, open, { heartbeatMs, signal })
    },
  })
}
