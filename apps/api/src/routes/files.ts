import {
  fileNameSchema,
  RequestError,
  STORED_FILE,
  storedFilePageSchema,
  storedFileSchema,
} from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { requesterOf } from '../access/requester.ts'
import { readRange } from '../uploads/byte-range.ts'
import { toAttachment } from '../uploads/content-disposition.ts'
import { sendBytes } from '../uploads/send-bytes.ts'
import { readUpload } from '../uploads/upload.ts'
import { errorAnswers } from './answers.ts'
import { wholeNumber } from './query-values.ts'
import type { RouteOptions } from './route-options.ts'

/** Who may do what with files: a key that may `submit` stores and deletes them, as it does with jobs; one that may `read` reads them. */
const WRITE = { scope: 'submit', submits: false, stream: false } as const
const READ = { scope: 'read', submits: false, stream: false } as const

/** Not checked here: what is no id of a file is answered as one that does not exist. */
const paramsSchema = z.strictObject({ id: z.string() })

const listQuerySchema = z.strictObject({
  limit: wholeNumber(1, STORED_FILE.page.maximum)
    .default(STORED_FILE.page.default)
    .describe(`Files in the page, 1 to ${STORED_FILE.page.maximum}.`),
  cursor: z.string().max(100).optional().describe('The `next` of the page before.'),
})

const BYTES = { 'application/octet-stream': { schema: z.unknown().describe('The bytes.') } }

export const filesRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, { operations }) => {
  app.get(
    '/v1/files',
    {
      config: { ...READ, resource: 'none' },
      schema: {
        summary: 'List files',
        description: 'The files of the tenant that are kept, newest first, in pages.',
        tags: ['files'],
        querystring: listQuerySchema,
        response: { 200: storedFilePageSchema, ...errorAnswers(400, 503) },
      },
    },
    async (request) => operations.listFiles(requesterOf(request), request.query),
  )

  app.get(
    '/v1/files/:id',
    {
      config: { ...READ, resource: 'file' },
      schema: {
        summary: 'Ask about a file',
        description: 'Gives its name, type, size, SHA-256 and times.',
        tags: ['files'],
        params: paramsSchema,
        response: { 200: storedFileSchema, ...errorAnswers(404, 503) },
      },
    },
    async (request) => operations.findFile(requesterOf(request), request.params.id),
  )

  app.get(
    '/v1/files/:id/content',
    {
      exposeHeadRoute: false,
      config: { ...READ, resource: 'file' },
      schema: {
        summary: 'Download a file',
        description:
          'Its bytes, with the type that was sent with it. A browser saves it and never shows it. `Range` asks for a part, `If-Range` with the `ETag` only if it is the same file.',
        tags: ['files'],
        params: paramsSchema,
        response: {
          200: { description: 'The file.', content: BYTES },
          206: { description: 'The part that `Range` asks for.', content: BYTES },
          ...errorAnswers(404, 416, 503),
        },
      },
    },
    async (request, reply) => {
      const requester = requesterOf(request)
      const file = await operations.findFile(requester, request.params.id)
      const { sizeBytes } = file
      const etag = `"${file.sha256}"`
      const { range: asked, 'if-range': ifRange = etag } = request.headers
      const range =
        ifRange === etag ? readPart(asked, sizeBytes, (value) => reply.header('content-range', value)) : undefined
      const bytes = await operations.openFile(requester, file.id, range)
      if (range !== undefined) {
        reply.code(206).header('content-range', `bytes ${range.first}-${range.last}/${sizeBytes}`)
      }
      reply.headers({
        'content-type': file.contentType,
        'content-length': range === undefined ? sizeBytes : range.last - range.first + 1,
        'content-disposition': toAttachment(file.name),
        'accept-ranges': 'bytes',
        etag,
      })
      await sendBytes(reply, bytes)
    },
  )

  app.delete(
    '/v1/files/:id',
    {
      config: { ...WRITE, resource: 'file' },
      schema: {
        summary: 'Delete a file',
        description: 'Nobody can read it from now on, and it no longer counts for what the tenant may keep.',
        tags: ['files'],
        params: paramsSchema,
        response: { 204: z.void().describe('It is deleted.'), ...errorAnswers(404, 503) },
      },
    },
    async (request, reply) => {
      await operations.removeFile(requesterOf(request), request.params.id)
      return reply.code(204).send()
    },
  )

  app.register(uploadRoute, { operations })
}

/** The range; or, if there is none to serve, an error with the header that says how large the file is. */
const readPart = (asked: string | undefined, sizeBytes: number, setContentRange: (value: string) => unknown) => {
  try {
    return readRange(asked, sizeBytes)
  } catch (error) {
    if (error instanceof RequestError) setContentRange(`bytes */${sizeBytes}`)
    throw error
  }
}

/** By itself, because it takes bodies of every type and no other route does. */
const uploadRoute: FastifyPluginAsyncZod<Pick<RouteOptions, 'operations'>> = async (app, { operations }) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.post(
    '/v1/files',
    {
      config: { ...WRITE, resource: 'none', streamsBody: true },
      schema: {
        summary: 'Upload a file',
        description: [
          'The body is the file, of any type, and `?name=` its name. Or it is `multipart/form-data` with one part, the file.',
          'It is stored while it comes, and counts for what the tenant may keep. An upload that breaks off leaves nothing.',
        ].join('\n'),
        tags: ['files'],
        consumes: ['application/octet-stream', 'multipart/form-data'],
        querystring: z.strictObject({ name: fileNameSchema.optional() }),
        response: { 201: storedFileSchema, ...errorAnswers(400, 413, 415, 429, 503, 507) },
      },
    },
    async (request, reply) => {
      const requester = requesterOf(request)
      const { whole, ...upload } = await readUpload(request, request.query.name)
      const file = await operations.addFile(requester, upload)
      await whole.catch(async (error: unknown) => {
        await operations.removeFile(requester, file.id)
        throw error
      })
      return reply.code(201).header('location', `/v1/files/${file.id}`).send(file)
    },
  )
}
