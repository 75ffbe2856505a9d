import { RequestError } from '@runnel/contract/public'

/** Jobs that are canceled when the socket they were submitted on closes (`cancelOnDisconnect`). */
export interface Dependents {
  /** Throws if there are too many already. */
  requireRoom(): void
  add(jobId: string): void
  /** The job has finished. */
  remove(jobId: string): void
}

/** A job that the socket follows is dropped when it finishes. A job that it does not follow stays until the socket closes. */
const DEPENDENTS_PER_SOCKET = 1_000

/** `signal` aborts when the client has gone, and when the server closes. */
export const createDependents = (options: {
  signal: AbortSignal
  /** Never throws. */
  cancel: (jobId: string) => Promise<void>
}): Dependents => {
  const { signal, cancel } = options
  const jobIds = new Set<string>()
  let isCanceling = false

  /** One after another, because nothing waits for it. Jobs that are added while it runs are canceled too. */
  const cancelAll = async (): Promise<void> => {
    if (isCanceling) return
    isCanceling = true
    for (const jobId of jobIds) {
      await cancel(jobId)
      jobIds.delete(jobId)
    }
    isCanceling = false
  }
  signal.addEventListener('abort', () => void cancelAll(), { once: true })

  return {
    requireRoom() {
      if (jobIds.size < DEPENDENTS_PER_SOCKET) return
      throw new RequestError(
        'too-many-subscriptions',
        `Cannot cancel more than ${DEPENDENTS_PER_SOCKET} jobs when one socket closes: follow those with cancelOnDisconnect, or open another socket`,
      )
    },
    add(jobId) {
      jobIds.add(jobId)
      // The client went away while the job was being accepted.
      if (signal.aborted) void cancelAll()
    },
    remove: (jobId) => void jobIds.delete(jobId),
  }
}
