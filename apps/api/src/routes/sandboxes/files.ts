import { RequestError, sandboxIdSchema, sandboxPathSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { requesterOf } from '../../access/requester.ts'
import { readRange } from '../../uploads/byte-range.ts'
import { toAttachment } from '../../uploads/content-disposition.ts'
import { exactBytes } from '../../uploads/exact-bytes.ts'
import { sendBytes } from '../../uploads/send-bytes.ts'
import { readLength, streamedBody } from '../../uploads/streamed-bodies.ts'
import { errorAnswers } from '../answers.ts'
import type { RouteOptions } from '../route-options.ts'
import { IN_SANDBOX } from './sandbox-route-options.ts'

const paramsSchema = z.strictObject({ id: sandboxIdSchema })

const PATH = { path: sandboxPathSchema.describe('Absolute, or relative to `workDir`.') }
/** Of a signed URL, in place of a key. The guard has checked them. */
const SIGNATURE = {
  signature: z
    .string()
    .max(100)
    .optional()
    .describe(
      'In place of a key: HMAC-SHA-256, keyed with the access token, over four lines (`read` or `write`, the id, `expires`, the path), in base64url.',
    ),
  expires: z
    .string()
    .max(20)
    .optional()
    .describe('Until when the signature is good: seconds since 1970, at most an hour from now.'),
}
const pathQuerySchema = z.strictObject(PATH)
const signedPathQuerySchema = z.strictObject({ ...PATH, ...SIGNATURE })

const BYTES = { 'application/octet-stream': { schema: z.unknown().describe('The bytes.') } }
const NO_TYPE = 'application/octet-stream'

export const sandboxFilesRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, { sandboxes, whileConnected }) => {
  const { files } = sandboxes

  app.get(
    '/v1/sandboxes/:id/files',
    {
      exposeHeadRoute: false,
      config: { ...IN_SANDBOX, signedFor: 'read' },
      schema: {
        summary: 'Read a file',
        description:
          'Its bytes as they are now, streamed; a browser saves them and never shows them. `Range` asks for a part. Links are followed. Takes a signed URL in place of a key.',
        tags: ['sandboxes'],
        params: paramsSchema,
        querystring: signedPathQuerySchema,
        response: {
          200: { description: 'The file.', content: BYTES },
          206: { description: 'The part that `Range` asks for.', content: BYTES },
          ...errorAnswers(400, 404, 409, 410, 416, 503),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { path } = request.query
      const requester = requesterOf(request)
      const { type, sizeBytes } = await files.stat(requester, id, path, { follow: true })
      if (type !== 'file') {
        const what = type === 'directory' ? 'a folder: ask for …/files/archive' : 'no regular file'
        throw new RequestError('not-a-file', `Cannot read ${JSON.stringify(path)}: it is ${what}`)
      }
      reply.header('content-range', `bytes */${sizeBytes}`)
      const range = readRange(request.headers.range, sizeBytes)
      reply.removeHeader('content-range')
      const { first, last } = range ?? { first: 0, last: sizeBytes - 1 }
      // Not more than was announced, should the file grow. Should it shrink, the answer breaks off.
      const part = { offset: first, length: last - first + 1 }
      const bytes = await files.read(requester, id, path, { part, signal: whileConnected(reply.raw) })
      if (range !== undefined) reply.code(206).header('content-range', `bytes ${first}-${last}/${sizeBytes}`)
      reply.headers({
        'content-type': NO_TYPE,
        'content-length': part.length,
        'content-disposition': toAttachment(path),
        'accept-ranges': 'bytes',
      })
      await sendBytes(reply, exactBytes(bytes, part.length))
    },
  )

  app.delete(
    '/v1/sandboxes/:id/files',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Remove a file or a folder',
        description: 'A folder with all that is in it. A link is removed, not what it leads to.',
        tags: ['sandboxes'],
        params: paramsSchema,
        querystring: pathQuerySchema,
        response: { 204: z.void().describe('It is removed.'), ...errorAnswers(400, 404, 409, 410, 503) },
      },
    },
    async (request, reply) => {
      await files.remove(requesterOf(request), request.params.id, request.query.path)
      return reply.code(204).send()
    },
  )

  app.register(writeRoute, { sandboxes, whileConnected })
}

/** By itself, because it takes bodies of every type. */
const writeRoute: FastifyPluginAsyncZod<Pick<RouteOptions, 'sandboxes' | 'whileConnected'>> = async (
  app,
  { sandboxes: { files }, whileConnected },
) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.put(
    '/v1/sandboxes/:id/files',
    {
      config: { ...IN_SANDBOX, signedFor: 'write', streamsBody: true },
      schema: {
        summary: 'Write a file',
        description:
          'The body is the file, of any type and size, streamed. Folders on the way are made. It replaces a file when all bytes have come; an upload that breaks off leaves nothing. One whose `Content-Length` does not fit on the disk is refused at once. Takes a signed URL in place of a key.',
        tags: ['sandboxes'],
        consumes: ['application/octet-stream'],
        params: paramsSchema,
        querystring: signedPathQuerySchema,
        response: {
          200: z.strictObject({ path: z.string(), sizeBytes: z.int().nonnegative() }),
          ...errorAnswers(400, 404, 409, 410, 503, 507),
        },
      },
    },
    async (request, reply) => {
      const { path } = request.query
      const bytes = streamedBody(request.body, request.raw)
      const body = { bytes, sizeBytes: readLength(request.raw), signal: whileConnected(reply.raw) }
      return { path, sizeBytes: await files.write(requesterOf(request), request.params.id, path, body) }
    },
  )
}
