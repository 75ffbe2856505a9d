import { createClientFrameSchema, RequestError, serverFrameSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { BAD_FRAMES, QUEUED_FRAMES } from '../stream/frame-loop.ts'
import { runStreamSession } from '../stream/stream-session.ts'
import { SUBSCRIPTIONS_PER_SOCKET } from '../stream/subscriptions.ts'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

const querySchema = z.strictObject({
  ticket: z.string().optional().describe('Of POST /v1/tickets, in place of a key.'),
})

export const streamRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, options) => {
  const {
    operations,
    backend,
    recorder,
    policy,
    servePolicy,
    previewDomain,
    callers,
    count,
    inputTurns,
    heartbeatMs,
    sharesFrames,
    closing,
    whileConnected,
  } = options
  const frameSchema = createClientFrameSchema(policy, servePolicy)

  app.route({
    method: 'GET',
    url: '/v1/stream',
    exposeHeadRoute: false,
    // Each frame is checked on its own.
    config: { scope: 'any', resource: 'none', submits: false, stream: true },
    schema: {
      summary: 'One WebSocket for many jobs',
      description: [
        'Each frame is one JSON text: `ClientFrame` to the server, `ServerFrame` from it.',
        'Frames are answered in order with `accepted`, `ok` or `error`, which carry their `ref`. The socket stays open after an error,',
        `unless ${BAD_FRAMES} frames in a row could not be read or more than ${QUEUED_FRAMES} come at once: then it closes with 1008.`,
        'A job submitted with `cancelOnDisconnect` is canceled when its socket closes before it has finished.',
        `Up to ${SUBSCRIPTIONS_PER_SOCKET} jobs can be followed at a time; a finished one no longer counts.`,
      ].join('\n'),
      tags: ['events'],
      querystring: querySchema,
      response: {
        101: {
          description: 'The frames from the server.',
          content: { 'application/json': { schema: serverFrameSchema } },
        },
        ...errorAnswers(400, 503),
      },
    },
    handler: async () => {
      throw new RequestError('invalid-request', 'Cannot answer this without an upgrade: connect with a WebSocket')
    },
    wsHandler: (socket, request) => {
      const signal = whileConnected(socket)
      runStreamSession(socket, request, {
        operations,
        jobIds: backend.jobIds,
        recorder,
        callers,
        count,
        inputTurns,
        frameSchema,
        previewDomain,
        heartbeatMs,
        sharesFrames,
        signal,
        closing,
      })
    },
  })
}
