import { RequestError } from '@runnel/contract/public'
import type { Receive } from '@runnel/output/subscriber'

/** Each holds one event in memory and one follower of a log; a page shows fewer jobs than this. */
export const SUBSCRIPTIONS_PER_SOCKET = 64

/** Gives on a job's events until it has finished or `signal` aborts. */
export type Follow = (signal: AbortSignal, receive: Receive) => Promise<void>

/** The jobs that one socket follows. */
export interface Subscriptions {
  /** Throws where there is no room for one more; a job that is followed already needs none. */
  requireRoom(jobId?: string): void
  /** Begins to follow the job; one that is followed already is followed no longer as it was. */
  add(jobId: string, follow: Follow): void
  remove(jobId: string): void
}

/** A word, where the default would make an error with a stack. */
const NO_LONGER = 'no longer'

export const createSubscriptions = (options: {
  signal: AbortSignal
  receive: Receive
  fail: (jobId: string, error: unknown) => void
}): Subscriptions => {
  const { signal, receive, fail } = options
  const followed = new Map<string, AbortController>()
  signal.addEventListener('abort', () => {
    for (const own of followed.values()) own.abort(NO_LONGER)
  })

  const run = async (jobId: string, follow: Follow, own: AbortController): Promise<void> => {
    try {
      await follow(own.signal, receive)
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
      followed.get(jobId)?.abort(NO_LONGER)
      const own = new AbortController()
      if (signal.aborted) own.abort(NO_LONGER)
      followed.set(jobId, own)
      void run(jobId, follow, own)
    },
    remove(jobId) {
      followed.get(jobId)?.abort(NO_LONGER)
      followed.delete(jobId)
    },
  }
}
