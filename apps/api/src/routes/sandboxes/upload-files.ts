import { sandboxIdSchema, sandboxPathSchema, type WrittenFiles, writtenFilesSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { requesterOf } from '../../access/requester.ts'
import { toInvalidRequest } from '../../errors/invalid-request.ts'
import { FORM_FILES, readFormFiles } from '../../uploads/read-form-files.ts'
import { streamedBody } from '../../uploads/streamed-bodies.ts'
import { errorAnswers } from '../answers.ts'
import type { RouteOptions } from '../route-options.ts'
import { IN_SANDBOX } from './sandbox-route-options.ts'

const paramsSchema = z.strictObject({ id: sandboxIdSchema })
const querySchema = z.strictObject({
  path: sandboxPathSchema.optional().describe('The folder that the files go into; `workDir` when left out.'),
})

const readPath = (folder: string | undefined, name: string): string => {
  const path = folder === undefined || name.startsWith('/') ? name : `${folder.replace(/\/+$/, '')}/${name}`
  const read = sandboxPathSchema.safeParse(path)
  if (!read.success) throw toInvalidRequest(read.error, `the name of the file ${JSON.stringify(name)}`)
  return read.data
}

export const uploadFilesRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, { sandboxes, whileConnected }) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  app.post(
    '/v1/sandboxes/:id/files',
    {
      config: { ...IN_SANDBOX, streamsBody: true },
      schema: {
        summary: 'Write many files',
        description: `Takes \`multipart/form-data\` with up to ${FORM_FILES} files, streamed one after the other. The \`filename\` of each is its path: absolute, or relative to \`path\`. Those that came whole before something breaks are there; nothing half-written is.`,
        tags: ['sandboxes'],
        consumes: ['multipart/form-data'],
        params: paramsSchema,
        querystring: querySchema,
        response: { 200: writtenFilesSchema, ...errorAnswers(400, 404, 409, 410, 415, 503, 507) },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const requester = requesterOf(request)
      const signal = whileConnected(reply.raw)
      const written: WrittenFiles['files'] = []
      const body = streamedBody(request.body, request.raw)
      for await (const { name, bytes } of readFormFiles(body, request.headers['content-type'])) {
        const path = readPath(request.query.path, name)
        written.push({ path, sizeBytes: await sandboxes.files.write(requester, id, path, { bytes, signal }) })
      }
      return { files: written }
    },
  )
}
