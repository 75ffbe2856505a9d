import { RequestError } from '@runnel/contract'
import type { Backend } from '../backend.ts'
import { followJob } from '../events/follow-job.ts'

/** Each holds one event in memory and one follower of a log; a page shows fewer jobs than this. */
export const SUBSCRIPTIONS_PER_SOCKET = 64

/** The jobs that one socket follows. */
export interface Subscriptions {
  /** Throws where there is no room for one more; a job that is followed already needs none. */
  requireRoom(jobId?: string): void
  /** Follows the job from the beginning, or after an event; a job that is followed already begins again there. */
  add(jobId: string, after: string | undefined): void
  remove(jobId: string): void
}

export const createSubscriptions = (options: {
  backend: Backend
  signal: AbortSignal
  /** Resolves when the client can take more. */
  deliver: (json: string) => Promise<void>
  fail: (jobId: string, error: unknown) => void
}): Subscriptions => {
  const { backend, signal, deliver, fail } = options
  const followed = new Map<string, AbortController>()

  const follow = async (jobId: string, after: string | undefined, own: AbortController): Promise<void> => {
    const until = AbortSignal.any([own.signal, signal])
    try {
      for await (const { json } of followJob(backend, jobId, { after, signal: until })) {
        if (until.aborted) return
        await deliver(json)
      }
    } catch (error) {
      if (!until.aborted) fail(jobId, error)
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
    add(jobId, after) {
      followed.get(jobId)?.abort()
      const own = new AbortController()
      followed.set(jobId, own)
      void follow(jobId, after, own)
    },
    remove(jobId) {
      followed.get(jobId)?.abort()
      followed.delete(jobId)
    },
  }
}
