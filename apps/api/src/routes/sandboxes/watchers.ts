import {
  sandboxIdSchema,
  watchEventSchema,
  watchedSchema,
  watcherIdSchema,
  watcherListSchema,
  watcherRequestSchema,
  watcherSchema,
} from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { callerOf } from '../../access/caller.ts'
import { requesterOf } from '../../access/requester.ts'
import { chooseFormat } from '../../events/event-format.ts'
import { streamAnswer } from '../../events/stream-answer.ts'
import { errorAnswers } from '../answers.ts'
import { wholeNumber } from '../query-values.ts'
import type { RouteOptions } from '../route-options.ts'
import { IN_SANDBOX, STREAM_IN_SANDBOX } from './sandbox-route-options.ts'

const paramsSchema = z.strictObject({ id: sandboxIdSchema })
const watcherParamsSchema = z.strictObject({ id: sandboxIdSchema, watcher: watcherIdSchema })

const querySchema = z.strictObject({
  after: wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .default(0)
    .describe('The id of the last event that you have; 0 when left out.'),
})

async function* toEntries(lines: AsyncIterable<string>) {
  for await (const json of lines) {
    const { id, type } = watchEventSchema.parse(JSON.parse(json))
    yield { id: String(id), type, json }
  }
}

export const watchersRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, options) => {
  const { sandboxes, callers, heartbeatMs, closing, whileConnected } = options
  const { watchers } = sandboxes

  app.post(
    '/v1/sandboxes/:id/watchers',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Watch a folder',
        description:
          'When it answers, it watches. It notes what happens to files until it is deleted or the sandbox ends.',
        tags: ['sandboxes'],
        params: paramsSchema,
        body: watcherRequestSchema,
        response: { 201: watcherSchema, ...errorAnswers(400, 404, 409, 410, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const watcher = await watchers.create(requesterOf(request), id, request.body)
      return reply.code(201).header('location', `/v1/sandboxes/${id}/watchers/${watcher.id}`).send(watcher)
    },
  )

  app.get(
    '/v1/sandboxes/:id/watchers',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'List watchers',
        description: 'All that have not been deleted, with the paths that they watch.',
        tags: ['sandboxes'],
        params: paramsSchema,
        response: { 200: watcherListSchema, ...errorAnswers(404, 409, 410, 503) },
      },
    },
    async (request) => ({ watchers: [...(await watchers.list(requesterOf(request), request.params.id))] }),
  )

  app.get(
    '/v1/sandboxes/:id/watchers/:watcher',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Ask a watcher what happened',
        description:
          'The events after `after`, at once. Continue with `next`. If some are no longer kept, the first is `lost`.',
        tags: ['sandboxes'],
        params: watcherParamsSchema,
        querystring: querySchema,
        response: { 200: watchedSchema, ...errorAnswers(400, 404, 409, 410, 503) },
      },
    },
    async (request) => {
      const { id, watcher } = request.params
      return watchers.read(requesterOf(request), id, watcher, request.query.after)
    },
  )

  app.get(
    '/v1/sandboxes/:id/watchers/:watcher/events',
    {
      exposeHeadRoute: false,
      config: STREAM_IN_SANDBOX,
      schema: {
        summary: 'Follow a watcher',
        description:
          'The events after `after`, then live ones: server-sent events, or NDJSON. Ends when the watcher is deleted.',
        tags: ['sandboxes'],
        params: watcherParamsSchema,
        querystring: querySchema,
        response: {
          200: {
            description: 'The events.',
            content: {
              'application/x-ndjson': { schema: watchEventSchema },
              'text/event-stream': { schema: watchEventSchema },
            },
          },
          ...errorAnswers(400, 404, 409, 410, 503),
        },
      },
    },
    async (request, reply) => {
      const { id, watcher } = request.params
      const lastEventId = querySchema.shape.after.safeParse(request.headers['last-event-id'])
      const after =
        (request.headers['last-event-id'] ?? '') !== '' && lastEventId.success ? lastEventId.data : request.query.after
      const signal = whileConnected(reply.raw)
      const lines = await watchers.follow(requesterOf(request), id, watcher, { after, signal })
      using _watching = callers.watch(callerOf(request), () => reply.raw.destroy())
      const format = chooseFormat(request.headers.accept)
      await streamAnswer(reply, toEntries(lines), { format, heartbeatMs, signal, closing })
    },
  )

  app.delete(
    '/v1/sandboxes/:id/watchers/:watcher',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Delete a watcher',
        description: 'Its events are gone, and those who follow it reach the end.',
        tags: ['sandboxes'],
        params: watcherParamsSchema,
        response: { 204: z.void().describe('It watches no more.'), ...errorAnswers(404, 409, 410, 503) },
      },
    },
    async (request, reply) => {
      const { id, watcher } = request.params
      await watchers.remove(requesterOf(request), id, watcher)
      return reply.code(204).send()
    },
  )
}
