import type { ErrorCode, ErrorDetail } from './contract.ts'

/** Every error that this package throws on purpose, except a TypeError for a wrong argument. */
export class RunnelError extends Error {
  override name = 'RunnelError'
}

/** The API refused. `message` says what was wrong and what to change; it can be shown to a person as it is. */
export class RunnelApiError extends RunnelError {
  override name = 'RunnelApiError'
  /** A word for programs. `unreadable-answer`: what answered was not the API. */
  readonly code: ErrorCode | 'unreadable-answer' | (string & {})
  /** The HTTP status, also for a refusal that came on a WebSocket. */
  readonly status: number
  readonly details: readonly ErrorDetail[]
  /** If another try may help: how long to wait first, in milliseconds. */
  readonly retryAfterMs: number | undefined
  /** Names the request in the log of the API. */
  readonly requestId: string | undefined

  constructor(
    message: string,
    facts: {
      code: string
      status: number
      details?: readonly ErrorDetail[] | undefined
      retryAfterMs?: number | undefined
      requestId?: string | undefined
    },
  ) {
    super(message)
    this.code = facts.code
    this.status = facts.status
    this.details = facts.details ?? []
    this.retryAfterMs = facts.retryAfterMs
    this.requestId = facts.requestId
  }
}

/** The API was not reached, or the connection broke. `cause` is what the platform said. */
export class RunnelConnectionError extends RunnelError {
  override name = 'RunnelConnectionError'
}

/** The events of a job ended before `finished`, and could not be continued in time. The job itself goes on. */
export class RunnelFollowError extends RunnelConnectionError {
  override name = 'RunnelFollowError'
  readonly jobId: string
  /** The last event that came. Follow again with it as `after`. */
  readonly lastEventId: string | undefined

  constructor(message: string, facts: { jobId: string; lastEventId: string | undefined; cause: unknown }) {
    super(message, { cause: facts.cause })
    this.jobId = facts.jobId
    this.lastEventId = facts.lastEventId
  }
}

/** A client with `getTicket` was asked for something that no ticket allows. */
export class RunnelTicketError extends RunnelError {
  override name = 'RunnelTicketError'
}

/** Statuses that pass by themselves: too much at once, or a server or a proxy that restarts. */
const PASSING: readonly number[] = [429, 502, 503, 504]

/** Whether the same request may succeed a little later. */
export const isPassing = (error: unknown): boolean =>
  error instanceof RunnelApiError ? PASSING.includes(error.status) : error instanceof RunnelConnectionError
