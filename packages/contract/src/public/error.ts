import { z } from 'zod'

/** Every way the API refuses, with the HTTP status it answers. */
export const ERROR_STATUS = {
  'invalid-request': 400,
  'unknown-language': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'job-not-found': 404,
  'worker-not-found': 404,
  'method-not-allowed': 405,
  'job-finished': 409,
  'events-lost': 410,
  'stdin-closed': 409,
  'no-terminal': 409,
  'worker-dead': 409,
  'payload-too-large': 413,
  'stdin-full': 413,
  'unsupported-media-type': 415,
  'idempotency-key-reused': 422,
  'too-many-requests': 429,
  'queue-full': 429,
  'too-many-subscriptions': 429,
  internal: 500,
  'redis-unavailable': 503,
  'storage-full': 503,
  'shutting-down': 503,
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

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { details?: ErrorBody['error']['details']; retryAfterMs?: number } = {},
  ) {
    const { stackTraceLimit } = stacks
    stacks.stackTraceLimit = 0
    super(message, options)
    stacks.stackTraceLimit = stackTraceLimit
    this.code = code
    this.details = options.details
    this.retryAfterMs = options.retryAfterMs
  }

  get status(): number {
    return ERROR_STATUS[this.code]
  }
}
