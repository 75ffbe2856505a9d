import { eventIdSchema, jobEventSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { callerOf } from '../../access/caller.ts'
import { closeWhenRevoked } from '../../access/close-when-revoked.ts'
import { requesterOf } from '../../access/requester.ts'
import { createPreviewUrls } from '../../events/add-preview-url.ts'
import { chooseFormat, SERVER_SENT_EVENTS } from '../../events/event-format.ts'
import { runEventSocket } from '../../events/event-socket.ts'
import { readAfter } from '../../events/read-after.ts'
import { streamAnswer } from '../../events/stream-answer.ts'
import { createEventFrames } from '../../events/text-frame.ts'
import { askedBy } from '../../previews/preview-url.ts'
import { errorAnswers } from '../answers.ts'
import type { RouteOptions } from '../route-options.ts'
import { commandParamsSchema } from './commands.ts'
import { STREAM_IN_SANDBOX } from './sandbox-route-options.ts'

const querySchema = z.strictObject({
  after: eventIdSchema
    .optional()
    .describe('Start after this event. Without it, start with the first one that is kept.'),
})

export const commandEventsRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, options) => {
  const { sandboxes, callers, inputTurns, heartbeatMs, sharesFrames, closing, whileConnected } = options
  const { previewDomain } = options
  const toFrame = createEventFrames()

  app.route({
    method: 'GET',
    url: '/v1/sandboxes/:id/commands/:command/events',
    exposeHeadRoute: false,
    config: STREAM_IN_SANDBOX,
    schema: {
      summary: "Follow a command's events",
      description: [
        "As a job's events: a WebSocket, server-sent events or NDJSON, all after `after`, then live ones, until `finished`.",
        'A background command keeps the last part of its output: where older output is gone, the event `dropped` says so.',
        'If the sandbox ends first, the stream of a background command ends with the error `sandbox-ended`.',
      ].join('\n'),
      tags: ['sandboxes'],
      params: commandParamsSchema,
      querystring: querySchema,
      response: {
        200: {
          description: 'The events.',
          content: {
            'application/x-ndjson': { schema: jobEventSchema },
            'text/event-stream': { schema: jobEventSchema },
          },
        },
        204: z
          .void()
          .describe('Server-sent events only: the command has finished, and Last-Event-ID is its last event.'),
        ...errorAnswers(400, 404, 409, 410, 503),
      },
    },
    handler: async (request, reply) => {
      const { id, command } = request.params
      const after = readAfter(request, request.query.after)
      const format = chooseFormat(request.headers.accept)
      const signal = whileConnected(reply.raw)
      const requester = requesterOf(request)
      // An EventSource reconnects forever to a stream that ends. 204 stops it.
      if (
        format === SERVER_SENT_EVENTS &&
        after !== undefined &&
        (await sandboxes.isCommandComplete(requester, id, command, { after, signal }))
      ) {
        return reply.code(204).send()
      }
      const events = await sandboxes.followCommand(requester, id, command, { after, signal })
      using _watching = callers.watch(callerOf(request), () => reply.raw.destroy())
      const { addToAll } = createPreviewUrls(previewDomain, askedBy(request))
      await streamAnswer(reply, addToAll(events), { format, heartbeatMs, signal, closing })
    },
    wsHandler: (socket, request) => {
      const signal = whileConnected(socket)
      const caller = callerOf(request)
      closeWhenRevoked(callers, caller, socket)
      const { id, command } = commandParamsSchema.parse(request.params)
      const after = readAfter(request, querySchema.parse(request.query).after)
      const { addToAll } = createPreviewUrls(previewDomain, askedBy(request))
      const follow = async () =>
        addToAll(await sandboxes.followCommand(requesterOf(request), id, command, { after, signal }))
      return runEventSocket(socket, request, follow, {
        heartbeatMs,
        signal,
        toFrame,
        sharesFrames,
        inputTurns,
        tenant: caller.tenant.id,
      })
    },
  })
}
