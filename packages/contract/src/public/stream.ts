import { z } from 'zod'
import { errorSchema } from './error.ts'
import { eventIdSchema, jobEventSchema } from './event.ts'
import { jobIdSchema, jobSchema, signalNames } from './job.ts'
import type { LimitsPolicy } from './limits.ts'
import { SERVE_LIMITS, type ServePolicy } from './serve.ts'
import { createSubmissionSchema, idempotencyKeySchema } from './submission.ts'
import { terminalSizeShape } from './terminal.ts'
import { chunkFault, encodingSchema } from './text.ts'

/**
 * `GET /v1/stream`: one WebSocket for many jobs. Every frame is one JSON text message.
 *
 *   client: submit ──▶ accepted {job}, then its events (unless `subscribe` is false)
 *           subscribe {jobId, after?} ──▶ events after that one, then live
 *           unsubscribe | stdin | signal | resize | cancel | ping ──▶ ok
 *
 * `ref` is the client's own name for a frame; the answer to the frame has the same `ref`.
 * A frame that cannot be read is answered with `error`; the socket stays open.
 */
const ref = z.string().max(128).optional()

const stdinShape = {
  data: z.string().optional(),
  encoding: encodingSchema.default('utf8'),
  end: z.boolean().default(false),
}

type Input = z.output<z.ZodObject<typeof stdinShape>>

const checkData = ({ data = '', encoding }: Input, context: z.RefinementCtx): void => {
  const fault = chunkFault({ encoding, data })
  if (fault === undefined) return
  context.addIssue({ code: 'custom', path: ['data'], message: `Cannot read data: it ${fault}` })
}

const checkNotEmpty = ({ data = '', end }: Input, context: z.RefinementCtx): void => {
  if (data !== '' || end) return
  context.addIssue({ code: 'custom', message: 'Nothing to do: send data, or end: true, or both' })
}

/** The JSON body of POST /v1/jobs/:id/stdin: bytes, the end of input, or both in that order. */
export const stdinSchema = z.strictObject(stdinShape).superRefine(checkNotEmpty).superRefine(checkData)

const signalShape = { signal: z.enum(signalNames) }

/** The body of POST /v1/jobs/:id/signal. */
export const signalSchema = z.strictObject(signalShape)

export const createClientFrameSchema = (policy: LimitsPolicy, servePolicy: ServePolicy = SERVE_LIMITS) =>
  z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('submit'),
      ref,
      job: createSubmissionSchema(policy, servePolicy),
      idempotencyKey: idempotencyKeySchema.optional(),
      subscribe: z.boolean().default(true),
    }),
    z.strictObject({
      type: z.literal('subscribe'),
      ref,
      jobId: jobIdSchema,
      after: eventIdSchema.optional(),
    }),
    z.strictObject({ type: z.literal('unsubscribe'), ref, jobId: jobIdSchema }),
    z.strictObject({ type: z.literal('stdin'), ref, jobId: jobIdSchema, ...stdinShape }).superRefine(checkData),
    z.strictObject({ type: z.literal('signal'), ref, jobId: jobIdSchema, ...signalShape }),
    z.strictObject({ type: z.literal('resize'), ref, jobId: jobIdSchema, ...terminalSizeShape }),
    z.strictObject({ type: z.literal('cancel'), ref, jobId: jobIdSchema }),
    z
      .strictObject({ type: z.literal('ping'), ref })
      .describe('Does nothing. For clients that cannot see the pings of the protocol, as in a browser.'),
  ])
export type ClientFrame = z.output<ReturnType<typeof createClientFrameSchema>>

export const serverFrameSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('accepted'), ref, job: jobSchema }),
  z.strictObject({ type: z.literal('event'), event: jobEventSchema }),
  z.strictObject({ type: z.literal('ok'), ref }),
  z.strictObject({
    type: z.literal('error'),
    ref,
    jobId: z.string().optional(),
    error: errorSchema,
  }),
])
export type ServerFrame = z.infer<typeof serverFrameSchema>
