import { PROGRAM, RequestError, signalSchema, stdinSchema, terminalSizeSchema, toBytes } from '@runnel/contract/public'
import type { CommandInput } from '@runnel/operations'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { requesterOf } from '../../access/requester.ts'
import { toInvalidRequest } from '../../errors/invalid-request.ts'
import { safeParse } from '../../errors/safe-parse.ts'
import { errorAnswers } from '../answers.ts'
import type { RouteOptions } from '../route-options.ts'
import { commandParamsSchema } from './commands.ts'
import { IN_SANDBOX } from './sandbox-route-options.ts'

/** The same in base64, in JSON. */
const BODY_BYTES = 2 * PROGRAM.stdinBytes

const querySchema = z.strictObject({
  end: z.enum(['true', 'false']).default('false').describe('With a body of bytes: whether the input ends after them.'),
})

const readInput = (body: unknown, end: boolean): CommandInput => {
  if (Buffer.isBuffer(body)) return { bytes: body, end }
  const read = safeParse(stdinSchema, body)
  if (!read.success) throw toInvalidRequest(read.error, 'the body')
  const { data = '', encoding } = read.data
  return { bytes: toBytes({ data, encoding }), end: read.data.end || end }
}

const requireSize = ({ bytes }: CommandInput): void => {
  if (bytes.length <= PROGRAM.stdinBytes) return
  throw new RequestError(
    'payload-too-large',
    `Cannot take more than ${PROGRAM.stdinBytes} bytes of input at once: send it in pieces`,
  )
}

export const commandInputRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, { sandboxes }) => {
  // Only here: other routes would take the bytes for an object.
  app.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )

  app.post(
    '/v1/sandboxes/:id/commands/:command/stdin',
    {
      bodyLimit: BODY_BYTES,
      config: IN_SANDBOX,
      schema: {
        summary: "Write to a command's standard input",
        description:
          'Bytes as application/octet-stream, with `?end=true` to end the input after them; or JSON. Answers when the program has taken them. The command must have `interactive` or `tty`.',
        tags: ['sandboxes'],
        consumes: ['application/json', 'application/octet-stream'],
        params: commandParamsSchema,
        querystring: querySchema,
        body: z.unknown().describe('Bytes, or {"data", "encoding", "end"}.'),
        response: {
          204: z.void().describe('The program has taken it.'),
          ...errorAnswers(400, 404, 409, 410, 413, 415, 503),
        },
      },
    },
    async (request, reply) => {
      const { id, command } = request.params
      const input = readInput(request.body, request.query.end === 'true')
      requireSize(input)
      await sandboxes.sendInput(requesterOf(request), id, command, input)
      return reply.code(204).send()
    },
  )

  app.post(
    '/v1/sandboxes/:id/commands/:command/signal',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Send a signal to a command',
        description: 'Its main process and those of its group get the signal. To end it for certain, delete it.',
        tags: ['sandboxes'],
        params: commandParamsSchema,
        body: signalSchema,
        response: { 204: z.void().describe('It was sent.'), ...errorAnswers(400, 404, 409, 410, 415, 503) },
      },
    },
    async (request, reply) => {
      const { id, command } = request.params
      await sandboxes.sendSignal(requesterOf(request), id, command, request.body.signal)
      return reply.code(204).send()
    },
  )

  app.post(
    '/v1/sandboxes/:id/commands/:command/resize',
    {
      config: IN_SANDBOX,
      schema: {
        summary: 'Resize the terminal of a command',
        description: 'Of a command with `tty`, or of a terminal.',
        tags: ['sandboxes'],
        params: commandParamsSchema,
        body: terminalSizeSchema,
        response: { 204: z.void().describe('It has this size.'), ...errorAnswers(400, 404, 409, 410, 415, 503) },
      },
    },
    async (request, reply) => {
      const { id, command } = request.params
      await sandboxes.sendResize(requesterOf(request), id, command, request.body)
      return reply.code(204).send()
    },
  )
}
