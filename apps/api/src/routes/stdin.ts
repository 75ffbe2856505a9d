import { jobIdSchema, PROGRAM, RequestError, stdinSchema } from '@runnel/contract/public'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { requesterOf } from '../access/requester.ts'
import { toInvalidRequest } from '../errors/invalid-request.ts'
import { safeParse } from '../errors/safe-parse.ts'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

/** More than a person or a model types at once. Larger input is sent in pieces, or with the submission. */
const INPUT_BYTES = 1024 * 1024
/** The same in base64, in JSON. */
const BODY_BYTES = 2 * INPUT_BYTES

const querySchema = z.strictObject({
  end: z.enum(['true', 'false']).default('false').describe('With a body of bytes: whether the input ends after them.'),
})

const refuseSize = (): RequestError =>
  new RequestError(
    'payload-too-large',
    `Cannot take more than ${INPUT_BYTES} bytes of input at once: send it in pieces`,
  )

export const stdinRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, { operations }) => {
  // Only here: other routes would take the bytes for an object.
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
  app.post(
    '/v1/jobs/:id/stdin',
    {
      bodyLimit: BODY_BYTES,
      config: { scope: 'submit', resource: 'job', submits: false, stream: false },
      schema: {
        summary: "Write to a job's standard input",
        description: `Bytes as application/octet-stream, with \`?end=true\` to end the input after them; or JSON. The job must have been submitted with \`interactive: true\` or \`tty: true\`. A queued job reads it when it starts. One job may be sent ${PROGRAM.stdinTotalBytes} bytes in all.`,
        tags: ['jobs'],
        consumes: ['application/json', 'application/octet-stream'],
        params: z.strictObject({ id: jobIdSchema }),
        querystring: querySchema,
        body: z.unknown().describe('Bytes, or {"data", "encoding", "end"}.'),
        response: {
          204: z.void().describe('It is on its way to the program.'),
          ...errorAnswers(400, 404, 409, 413, 415, 503),
        },
      },
    },
    async (request, reply) => {
      const { body, params, query } = request
      const requester = requesterOf(request)
      if (Buffer.isBuffer(body)) {
        if (body.byteLength > INPUT_BYTES) throw refuseSize()
        const input = { data: body.toString('base64'), encoding: 'base64', end: query.end === 'true' } as const
        await operations.sendInput(requester, params.id, input)
      } else {
        const input = safeParse(stdinSchema, body)
        if (!input.success) throw toInvalidRequest(input.error, 'the body')
        await operations.sendInput(requester, params.id, { ...input.data, end: input.data.end || query.end === 'true' })
      }
      return reply.code(204).send()
    },
  )
}
