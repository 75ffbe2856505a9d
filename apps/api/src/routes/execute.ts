import { executeRequestSchema, executeResponseSchema, type Job, toBytes } from '@runnel/contract/public'
import { describeLimitsHit, describeOutcome } from '@runnel/operations'
import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { z } from 'zod'
import { readBrowserCookie } from '../access/browser-cookie.ts'
import { callerOf } from '../access/caller.ts'
import { requesterOf } from '../access/requester.ts'
import { toInvalidRequest } from '../errors/invalid-request.ts'
import { SUBMISSION_BYTES } from '../input-bounds.ts'
import { errorAnswers } from './answers.ts'
import type { RouteOptions } from './route-options.ts'

/** In whole microseconds: a plain division by a thousand gives numbers such as 0.10298099999999999. */
const toSeconds = (ms: number): number => Number((ms / 1_000).toFixed(6))

const toResponse = ({ outcome, output, usage }: Job): z.output<typeof executeResponseSchema> => {
  const text = (stream: 'stdout' | 'stderr'): string =>
    output === undefined ? '' : Buffer.from(toBytes(output[stream])).toString('utf8')
  const failure =
    outcome === undefined ? 'The program did not get its turn in time and was canceled.' : describeOutcome(outcome)
  const limitsHit = outcome === undefined ? [] : describeLimitsHit(outcome)
  const parts = [text('stderr'), failure ?? '', ...limitsHit].filter((part) => part !== '')
  return {
    success: failure === undefined,
    output: text('stdout'),
    error: parts.length === 0 ? null : parts.join('\n'),
    execution_time: toSeconds(usage?.wallMs ?? 0),
  }
}

export const executeRoutes: FastifyPluginAsyncZod<RouteOptions> = async (app, options) => {
  const { operations, backend, submissionSchema, closing, whileConnected } = options

  /** For the sockets of the same browser. They can do without: the answer has the output too. */
  const createAnnouncement = (request: FastifyRequest): ((jobId: string) => void) | undefined => {
    const browser = readBrowserCookie(request.headers.cookie)
    if (browser === undefined) return undefined
    return (jobId) => void backend.browserRuns.announce(callerOf(request).tenant.id, browser, jobId).catch(() => {})
  }

  for (const url of ['/execute', '/api/execute']) {
    app.post(
      url,
      {
        bodyLimit: SUBMISSION_BYTES,
        config: { scope: 'submit, read', resource: 'none', submits: true, stream: false },
        schema: {
          summary: 'Run a program and wait for it',
          description:
            'The smallest contract there is: one program in, what it printed back. Limits are the defaults. The program is canceled when the caller goes away.',
          tags: ['execute'],
          body: executeRequestSchema,
          response: { 200: executeResponseSchema, ...errorAnswers(400, 413, 415, 429, 503) },
        },
      },
      async (request, reply) => {
        const submission = submissionSchema.safeParse(request.body)
        if (!submission.success) throw toInvalidRequest(submission.error, 'the body')
        const signal = whileConnected(reply.raw)
        const onAccepted = createAnnouncement(request)
        const run = { signal, closing, onAccepted }
        return toResponse(await operations.execute(requesterOf(request), submission.data, run))
      },
    )
  }
}
