import { eventIdSchema, jobEventSchema, jobIdSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { callerOf } from '../access/caller.ts'
import { closeWhenRevoked } from '../access/close-when-revoked.ts'
import { requesterOf } from '../access/requester.ts'
import { createPreviewUrls } from '../events/add-preview-url.ts'
import { chooseFormat, SERVER_SENT_EVENTS } from '../events/event-format.ts'
import { runEventSocket } from '../events/event-socket.ts'
import { readAfter } from '../events/read-after.ts'
import { streamAnswer } from '../events/stream-answer.ts'
import { createEventFrames } from '../events/text-frame.ts'
import { askedBy } from '../previews/preview-url.ts'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

const paramsSchema = z.strictObject({ id: jobIdSchema })
const querySchema = z.strictObject({
  after: eventIdSchema.optional().describe('Start after this event. Without it, start with the first one.'),
  ticket: z
    .string()
    .optional()
    .describe('Of POST /v1/tickets, in place of a key; for a WebSocket only. Over HTTP: Authorization: Ticket … .'),
})

export const eventsRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, options) => {
  const { operations, callers, inputTurns, heartbeatMs, sharesFrames, closing, whileConnected } = options
  const { previewDomain } = options
  const toFrame = createEventFrames()

  app.route({
    method: 'GET',
    url: '/v1/jobs/:id/events',
    exposeHeadRoute: false,
    config: { scope: 'read', resource: 'job', submits: false, stream: true },
    schema: {
      summary: "Follow a job's events",
      description: [
        'All events of a job after `after`, then live ones, each once and in order. Ends after `finished`.',
        'The client chooses the format: a WebSocket with `Upgrade` (each event a text frame; closes with 1000),',
        'server-sent events with `Accept: text/event-stream` (and `Last-Event-ID`), otherwise NDJSON, one event a line.',
        'After 15 s of silence there is a heartbeat: a ping, a comment, an empty line.',
        'A stream that ends before `finished` ends as an error: its last line is `{"type": "error", "error"}` (of the event `error`',
        'with server-sent events), and the answer has no proper end. A WebSocket closes with 1012 if the server stops and with',
        '1011 after an `error` frame. Continue with `after`.',
      ].join('\n'),
      tags: ['events'],
      params: paramsSchema,
      querystring: querySchema,
      response: {
        200: {
          description: 'The events.',
          content: {
            'application/x-ndjson': { schema: jobEventSchema },
            'text/event-stream': { schema: jobEventSchema },
          },
        },
        204: z.void().describe('Server-sent events only: the job has finished, and Last-Event-ID is its last event.'),
        ...errorAnswers(400, 404, 503),
      },
    },
    // Before the upgrade, so that an unknown job is a 404 to a WebSocket too.
    preHandler: (request) => operations.requireJob(requesterOf(request), request.params.id),
    handler: async (request, reply) => {
      const { id } = request.params
      const after = readAfter(request, request.query.after)
      const format = chooseFormat(request.headers.accept)
      const signal = whileConnected(reply.raw)
      const requester = requesterOf(request)
      // An EventSource reconnects forever to a stream that ends. 204 stops it.
      if (
        format === SERVER_SENT_EVENTS &&
        after !== undefined &&
        (await operations.isComplete(requester, id, { after, signal }))
      ) {
        return reply.code(204).send()
      }
      const events = await operations.follow(requester, id, { after, signal })
      using _watching = callers.watch(callerOf(request), () => reply.raw.destroy())
      const { addToAll } = createPreviewUrls(previewDomain, askedBy(request))
      await streamAnswer(reply, addToAll(events), { format, heartbeatMs, signal, closing })
    },
    wsHandler: (socket, request) => {
      const signal = whileConnected(socket)
      const caller = callerOf(request)
      closeWhenRevoked(callers, caller, socket)
      const { id } = paramsSchema.parse(request.params)
      const after = readAfter(request, querySchema.parse(request.query).after)
      const { addToAll } = createPreviewUrls(previewDomain, askedBy(request))
      const follow = async () => addToAll(await operations.follow(requesterOf(request), id, { after, signal }))
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
