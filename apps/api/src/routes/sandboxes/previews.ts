import { setTimeout as delay } from 'node:timers/promises'
import {
  type PreviewRequest,
  type PreviewUrl,
  portChangeSchema,
  portListSchema,
  previewRequestListSchema,
  previewRequestSchema,
  previewUrlSchema,
  RequestError,
  sandboxIdSchema,
} from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { callerOf } from '../../access/caller.ts'
import { requesterOf } from '../../access/requester.ts'
import { chooseFormat } from '../../events/event-format.ts'
import { streamAnswer } from '../../events/stream-answer.ts'
import { withSignature } from '../../previews/preview-link.ts'
import { askedBy, canKeepCookie, NEEDS_HTTPS, toPreviewOrigin } from '../../previews/preview-url.ts'
import { errorAnswers } from '../answers.ts'
import { wholeNumber } from '../query-values.ts'
import type { RouteOptions } from '../route-options.ts'
import { IN_SANDBOX, STREAM_IN_SANDBOX } from './sandbox-route-options.ts'

const paramsSchema = z.strictObject({ id: sandboxIdSchema })
const portParamsSchema = z.strictObject({ id: sandboxIdSchema, port: wholeNumber(1, 65_535) })
const requestsQuerySchema = z.strictObject({
  after: z.string().max(40).default('').describe('The `id` of the last request that you have; all when left out.'),
})

/** How often a follower asks for new requests. They are written four times a second. */
const FOLLOW_MS = 500

const lines = (schema: z.ZodType, description: string) => ({
  200: {
    description,
    content: { 'application/x-ndjson': { schema }, 'text/event-stream': { schema } },
  },
})

/** What ports of a sandbox show, and who came to see it. */
export const previewsRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, options) => {
  const { sandboxes, callers, previewDomain, heartbeatMs, closing, whileConnected } = options
  const { previews } = sandboxes

  app.get(
    '/v1/sandboxes/:id/ports',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'List ports',
        description: 'The ports that programs in the sandbox listen on now, with the URLs of their previews.',
        tags: ['sandboxes'],
        params: paramsSchema,
        response: { 200: portListSchema, ...errorAnswers(404, 409, 410, 503) },
      },
    },
    async (request) => {
      const { id: sandboxId } = request.params
      const ports = await previews.ports(requesterOf(request), sandboxId)
      const asked = askedBy(request)
      return { ports: ports.map((port) => ({ port, url: toPreviewOrigin(previewDomain, asked, { sandboxId, port }) })) }
    },
  )

  app.get(
    '/v1/sandboxes/:id/ports/events',
    {
      exposeHeadRoute: false,
      config: STREAM_IN_SANDBOX,
      schema: {
        summary: 'Follow ports',
        description:
          'A `port` event for each port that a program listens on, then for each change: server-sent events, or NDJSON. Ends with the sandbox.',
        tags: ['sandboxes'],
        params: paramsSchema,
        response: { ...lines(portChangeSchema, 'The events.'), ...errorAnswers(404, 409, 410, 503) },
      },
    },
    async (request, reply) => {
      const { id: sandboxId } = request.params
      const signal = whileConnected(reply.raw)
      const changes = await previews.followPorts(requesterOf(request), sandboxId, signal)
      using _watching = callers.watch(callerOf(request), () => reply.raw.destroy())
      const asked = askedBy(request)
      const toEntries = async function* () {
        let count = 0
        for await (const { port, open } of changes) {
          count += 1
          const url = toPreviewOrigin(previewDomain, asked, { sandboxId, port })
          yield { id: String(count), type: 'port', json: JSON.stringify({ type: 'port', port, open, url }) }
        }
      }
      const format = chooseFormat(request.headers.accept)
      await streamAnswer(reply, toEntries(), { format, heartbeatMs, signal, closing })
    },
  )

  app.post(
    '/v1/sandboxes/:id/ports/:port/url',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Open a preview',
        description:
          'A URL that opens the preview of the port in a browser, for at most ten minutes. It leads on to the same URL without its signature, and leaves a cookie for that browser. A frame and a tab each need one. Nothing has to listen on the port yet.',
        tags: ['sandboxes'],
        params: portParamsSchema,
        response: { 200: previewUrlSchema, ...errorAnswers(400, 403, 404, 410, 503) },
      },
    },
    async (request): Promise<PreviewUrl> => {
      const { id: sandboxId, port } = request.params
      const { signature, expiresAt } = await previews.link(requesterOf(request), sandboxId, port)
      const asked = askedBy(request)
      const origin = toPreviewOrigin(previewDomain, asked, { sandboxId, port })
      if (signature === undefined) return { url: `${origin}/`, expiresAt: null }
      if (!canKeepCookie(previewDomain, asked.isSecure)) throw new RequestError('forbidden', NEEDS_HTTPS)
      return { url: withSignature(origin, signature), expiresAt: expiresAt?.toISOString() ?? null }
    },
  )

  app.get(
    '/v1/sandboxes/:id/requests',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'List requests to previews',
        description:
          'The latest 200 requests that programs in the sandbox got through their previews. They appear within a second after they ended.',
        tags: ['sandboxes'],
        params: paramsSchema,
        querystring: requestsQuerySchema,
        response: { 200: previewRequestListSchema, ...errorAnswers(400, 404, 503) },
      },
    },
    async (request) => ({
      requests: [...(await previews.requests(requesterOf(request), request.params.id, request.query.after))],
    }),
  )

  app.get(
    '/v1/sandboxes/:id/requests/events',
    {
      exposeHeadRoute: false,
      config: STREAM_IN_SANDBOX,
      schema: {
        summary: 'Follow requests to previews',
        description: 'The same, then those that come: server-sent events, or NDJSON.',
        tags: ['sandboxes'],
        params: paramsSchema,
        querystring: requestsQuerySchema,
        response: { ...lines(previewRequestSchema, 'The requests.'), ...errorAnswers(400, 404, 410, 503) },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const requester = requesterOf(request)
      const signal = whileConnected(reply.raw)
      await sandboxes.requireLiving(requester, id)
      using _watching = callers.watch(callerOf(request), () => reply.raw.destroy())
      const lastEventId = [request.headers['last-event-id'] ?? ''].flat()[0] ?? ''
      const toEntries = async function* () {
        let after = lastEventId === '' ? request.query.after : lastEventId
        while (!signal.aborted) {
          const found: readonly PreviewRequest[] = await previews.requests(requester, id, after)
          for (const one of found) yield { id: one.id, type: 'request', json: JSON.stringify(one) }
          after = found.at(-1)?.id ?? after
          await delay(FOLLOW_MS, undefined, { signal }).catch(() => {})
        }
      }
      const format = chooseFormat(request.headers.accept)
      await streamAnswer(reply, toEntries(), { format, heartbeatMs, signal, closing })
    },
  )
}
