import { RequestError } from '@runnel/contract/public'
import type { LogEntry } from '@runnel/operations'

/** Each costs one event of memory and one follower of a log. A web page shows fewer jobs than this. */
export const SUBSCRIPTIONS_PER_SOCKET = 64

/** The job's events, until it has finished or `signal` aborts. */
export type Follow = (signal: AbortSignal) => AsyncIterable<LogEntry> | Promise<AsyncIterable<LogEntry>>

/** The jobs that one socket follows. */
export interface Subscriptions {
  /** Throws if the socket follows too many jobs already. A job that it follows already needs no room. */
  requireRoom(jobId?: string): void
  /** Starts to follow the job. If it is followed already, the earlier subscription ends. */
  add(jobId: string, follow: Follow): void
  remove(jobId: string): void
}

/** An abort without a reason creates an error with a stack trace. */
const UNSUBSCRIBED = 'unsubscribed'

const nothingLeft = (): RequestError =>
  new RequestError('job-finished', 'There is nothing to follow: the job has finished, and `after` is its last event')

export const createSubscriptions = (options: {
  signal: AbortSignal
  /** Resolves when the client can take the next event. */
  send: (jobId: string, entry: LogEntry) => Promise<void> | undefined
  fail: (jobId: string, error: unknown) => void
}): Subscriptions => {
  const { signal, send, fail } = options
  const followed = new Map<string, AbortController>()
  signal.addEventListener('abort', () => {
    for (const own of followed.values()) own.abort(UNSUBSCRIBED)
  })

  const run = async (jobId: string, follow: Follow, own: AbortController): Promise<void> => {
    let hasSent = false
    try {
      for await (const entry of await follow(own.signal)) {
        hasSent = true
        await send(jobId, entry)
      }
      // Without an answer the client would wait for ever. Over HTTP the end of the answer says it.
      if (!hasSent && !own.signal.aborted) throw nothingLeft()
    } catch (error) {
      if (!own.signal.aborted) fail(jobId, error)
    } finally {
      if (followed.get(jobId) === own) followed.delete(jobId)
    }
  }

  return {
    requireRoom(jobId) {
      if (followed.size < SUBSCRIPTIONS_PER_SOCKET || (jobId !== undefined && followed.has(jobId))) return
      throw new RequestError(
        'too-many-subscriptions',
        `Cannot follow more than ${SUBSCRIPTIONS_PER_SOCKET} jobs on one socket: unsubscribe from one, or open another socket`,
      )
    },
    add(jobId, follow) {
      followed.get(jobId)?.abort(UNSUBSCRIBED)
      const own = new AbortController()
      if (signal.aborted) own.abort(UNSUBSCRIBED)
      followed.set(jobId, own)
      void run(jobId, follow, own)
    },
    remove(jobId) {
      followed.get(jobId)?.abort(UNSUBSCRIBED)
      followed.delete(jobId)
    },
  }
}
