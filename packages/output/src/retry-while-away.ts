import { setTimeout as delay } from 'node:timers/promises'

/** A restart of Redis takes a second or two. After this time the job's lock is lost too, so there is no point in waiting. */
const REDIS_RETURN_TIMEOUT_MS = 30_000
const FIRST_RETRY_DELAY_MS = 20
const MAX_RETRY_DELAY_MS = 500

/**
 * Repeats a step until Redis has answered it. The step must be safe to repeat. After `redisReturnTimeoutMs` the last failure
 * is thrown.
 */
export const retryWhileAway = async <T>(
  step: () => Promise<T>,
  redisReturnTimeoutMs = REDIS_RETURN_TIMEOUT_MS,
): Promise<T> => {
  const deadline = performance.now() + redisReturnTimeoutMs
  for (let delayMs = FIRST_RETRY_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_RETRY_DELAY_MS)) {
    try {
      return await step()
    } catch (error) {
      if (performance.now() + delayMs > deadline) throw error
    }
    await delay(delayMs)
  }
}
