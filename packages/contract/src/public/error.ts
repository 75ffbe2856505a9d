import { z } from 'zod'
import { type SandboxEnding, sandboxEndingSchema } from './sandbox-ending.ts'

/** Every way the API refuses, with the HTTP status it answers. */
export const ERROR_STATUS = {
  'invalid-request': 400,
  'unknown-language': 400,
  'path-refused': 400,
  unauthorized: 401,
  'preview-private': 401,
  forbidden: 403,
  'not-found': 404,
  'job-not-found': 404,
  'worker-not-found': 404,
  'sandbox-not-found': 404,
  'command-not-found': 404,
  'watcher-not-found': 404,
  'file-not-found': 404,
  'method-not-allowed': 405,
  'job-finished': 409,
  'sandbox-queued': 409,
  'sandbox-paused': 409,
  'sandbox-running': 409,
  'command-finished': 409,
  'file-exists': 409,
  'not-a-file': 409,
  'not-a-directory': 409,
  'events-lost': 410,
  'sandbox-ended': 410,
  'stdin-closed': 409,
  'no-terminal': 409,
  'worker-dead': 409,
  'payload-too-large': 413,
  'stdin-full': 413,
  'unsupported-media-type': 415,
  'range-not-satisfiable': 416,
  'idempotency-key-reused': 422,
  'too-many-requests': 429,
  'queue-full': 429,
  'file-quota': 429,
  'too-many-subscriptions': 429,
  'too-many-sandboxes': 429,
  internal: 500,
  'nothing-listens': 502,
  'bad-preview-answer': 502,
  'redis-unavailable': 503,
  'storage-full': 503,
  'file-store-unavailable': 503,
  'shutting-down': 503,
  'gateway-unreachable': 503,
  'too-many-connections': 503,
  'disk-full': 507,
} as const
export type ErrorCode = keyof typeof ERROR_STATUS

export const errorSchema = z.strictObject({
  code: z.enum(Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]),
  message: z.string().describe('What was wrong and what to change.'),
  details: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
  retryAfterMs: z
    .int()
    .positive()
    .optional()
    .describe('If another try may help: how long to wait first. Over HTTP also as Retry-After, in seconds.'),
  ending: sandboxEndingSchema.optional().describe('Of `sandbox-ended`: why it ended.'),
  requestId: z.string(),
})

/** The body of every answer of 400 and above, and the payload of an error frame on a WebSocket. */
export const errorBodySchema = z.strictObject({ error: errorSchema })
export type ErrorBody = z.infer<typeof errorBodySchema>

/** How many lines of a stack an error gets, in engines that have this setting. */
const stacks: ErrorConstructor & { stackTraceLimit?: number | undefined } = Error

/**
 * A request that cannot be served: the caller's mistake, or a part of ours that is not reachable. It has no stack: nobody reads it, and
 * taking one cost more than the rest of a refusal.
 */
export class RequestError extends Error {
  override name = 'RequestError'
  readonly code: ErrorCode
  readonly details: ErrorBody['error']['details']
  readonly retryAfterMs: number | undefined
  readonly ending: SandboxEnding | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & {
      details?: ErrorBody['error']['details']
      retryAfterMs?: number
      ending?: SandboxEnding
    } = {},
  ) {
    const { stackTraceLimit } = stacks
    stacks.stackTraceLimit = 0
    super(message, options)
    stacks.stackTraceLimit = stackTraceLimit
    this.code = code
    this.details = options.details
    this.retryAfterMs = options.retryAfterMs
    this.ending = options.ending
  }

  get status(): number {
    return ERROR_STATUS[this.code]
  }
}
