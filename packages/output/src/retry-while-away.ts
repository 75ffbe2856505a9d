import { setTimeout as delay } from 'node:timers/promises'

/** A restart of Redis takes a second or two. Longer than this, and the job's lock is lost as well. */
const OUTAGE_TIMEOUT_MS = 30_000
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 500

/** Repeats a step that may be repeated until Redis has answered it; after `outageTimeoutMs` the last failure is thrown. */
export const retryWhileAway = async <T>(step: () => Promise<T>, outageTimeoutMs = OUTAGE_TIMEOUT_MS): Promise<T> => {
  const deadline = performance.now() + outageTimeoutMs
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await step()
    } catch (error) {
      if (performance.now() + pauseMs > deadline) throw error
    }
    await delay(pauseMs)
  }
}
