/** BullMQ would fail a job that stalled too often without calling us, so its log would never finish. We use `crashes` instead. */
const NEVER = Number.MAX_SAFE_INTEGER
const CHECKS_PER_LOCK = 8

/**
 * Relies on: the second check after a lock expired puts the job back, at the tail of `wait`. A lock is renewed after a quarter
 * to a half of its time.
 *
 * BullMQ remembers a check in Redis for one interval. A check that comes a millisecond too early does nothing, so perhaps only
 * every other check works. That is why we check twice as often as we need.
 */
export const toStalledSettings = (lockMs: number) => ({
  lockDuration: lockMs,
  stalledInterval: lockMs / CHECKS_PER_LOCK,
  maxStalledCount: NEVER,
})
