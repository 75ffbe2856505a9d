import { Readable } from 'node:stream'
import {
  archiveFormatSchema,
  fileEntrySchema,
  fileListSchema,
  LIST_DEPTH,
  moveRequestSchema,
  pathRequestSchema,
  sandboxIdSchema,
  sandboxPathSchema,
} from '@runnel/contract/public'
import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { requesterOf } from '../../access/requester.ts'
import { toAttachment } from '../../uploads/content-disposition.ts'
import { sendBytes } from '../../uploads/send-bytes.ts'
import { errorAnswers } from '../answers.ts'
import { wholeNumber } from '../query-values.ts'
import type { RouteOptions } from '../route-options.ts'
import { IN_SANDBOX } from './sandbox-route-options.ts'

const paramsSchema = z.strictObject({ id: sandboxIdSchema })

const folder = sandboxPathSchema.default('.').describe('A folder; `workDir` when left out.')

const listQuerySchema = z.strictObject({
  path: folder,
  depth: wholeNumber(1, LIST_DEPTH.maximum)
    .default(LIST_DEPTH.default)
    .describe(`How many levels, 1 to ${LIST_DEPTH.maximum}. 1: what is in the folder itself.`),
})

const archiveQuerySchema = z.strictObject({ path: folder, format: archiveFormatSchema.default('tar') })

const ARCHIVE_TYPES = { tar: 'application/x-tar', zip: 'application/zip' } as const

/** One JSON text of a list of any length, as its lines come. */
async function* toListJson(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let before = '{"entries":['
  for await (const line of lines) {
    yield before + line
    before = ','
  }
  yield before === ',' ? ']}' : '{"entries":[]}'
}

/** The types of a route know only whole answers. */
const sendJson = (reply: FastifyReply, text: Readable): FastifyReply =>
  reply.type('application/json; charset=utf-8').send(text)

/** Throws what goes wrong at once, while it can still be answered with its status. */
const untilFirst = async (texts: AsyncGenerator<string>): Promise<AsyncGenerator<string>> => {
  const first = await texts.next()
  return (async function* () {
    if (first.done !== true) yield first.value
    yield* texts
  })()
}

export const foldersRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, { sandboxes, whileConnected }) => {
  const { files } = sandboxes

  app.get(
    '/v1/sandboxes/:id/files/list',
    {
      exposeHeadRoute: false,
      config: IN_SANDBOX,
      schema: {
        summary: 'List a folder',
        description:
          'In no order, streamed. Links are listed, not followed. If something breaks half way, so does the answer.',
        tags: ['sandboxes'],
        params: paramsSchema,
        querystring: listQuerySchema,
        response: {
          200: { description: 'The entries.', content: { 'application/json': { schema: fileListSchema } } },
          ...errorAnswers(400, 404, 409, 410, 503),
        },
      },
    },
    async (request, reply) => {
      const { path, depth } = request.query
      const signal = whileConnected(reply.raw)
      const lines = await files.list(requesterOf(request), request.params.id, path, { depth, signal })
      const text = Readable.from(await untilFirst(toListJson(lines)), { objectMode: false })
      return sendJson(reply, text)
    },
  )

  app.post(
    '/v1/sandboxes/:id/files/stat',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Ask about a file',
        description: 'Of a link: the link itself, not what it leads to.',
        tags: ['sandboxes'],
        params: paramsSchema,
        body: pathRequestSchema,
        response: { 200: fileEntrySchema, ...errorAnswers(400, 404, 409, 410, 415, 503) },
      },
    },
    async (request) => files.stat(requesterOf(request), request.params.id, request.body.path),
  )

  app.post(
    '/v1/sandboxes/:id/files/mkdir',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Make a folder',
        description: 'With the folders on the way. If something is there already: 409 `file-exists`.',
        tags: ['sandboxes'],
        params: paramsSchema,
        body: pathRequestSchema,
        response: { 201: fileEntrySchema, ...errorAnswers(400, 404, 409, 410, 415, 503, 507) },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await files.makeFolder(requesterOf(request), request.params.id, request.body.path)),
  )

  app.post(
    '/v1/sandboxes/:id/files/move',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Move a file or a folder',
        description:
          'Folders on the way to `to` are made; a file that is there is replaced. Answers with the file in its new place.',
        tags: ['sandboxes'],
        params: paramsSchema,
        body: moveRequestSchema,
        response: { 200: fileEntrySchema, ...errorAnswers(400, 404, 409, 410, 415, 503, 507) },
      },
    },
    async (request) => {
      const { from, to } = request.body
      return files.move(requesterOf(request), request.params.id, from, to)
    },
  )

  app.get(
    '/v1/sandboxes/:id/files/archive',
    {
      exposeHeadRoute: false,
      config: IN_SANDBOX,
      schema: {
        summary: 'Download a folder',
        description: 'As one tar or zip file, streamed. Links are stored as links.',
        tags: ['sandboxes'],
        params: paramsSchema,
        querystring: archiveQuerySchema,
        response: {
          200: {
            description: 'The archive.',
            content: Object.fromEntries(
              Object.values(ARCHIVE_TYPES).map((type) => [type, { schema: z.unknown().describe('The bytes.') }]),
            ),
          },
          ...errorAnswers(400, 404, 409, 410, 503),
        },
      },
    },
    async (request, reply) => {
      const { path, format } = request.query
      const signal = whileConnected(reply.raw)
      const bytes = await files.archive(requesterOf(request), request.params.id, path, { format, signal })
      const name = path.split('/').findLast((part) => part !== '' && part !== '.' && part !== '..') ?? 'files'
      reply.headers({ 'content-type': ARCHIVE_TYPES[format], 'content-disposition': toAttachment(`${name}.${format}`) })
      await sendBytes(reply, bytes)
    },
  )
}
