/** BullMQ would end a job that stalled too often and not ask us: its log would never finish. `crashes` reports it instead. */
const NEVER = Number.MAX_SAFE_INTEGER
const CHECKS_PER_LOCK = 8

/**
 * Relies on: a job whose lock has run out is put back by the second check after that, at the tail of `wait`. A lock is renewed
 * after a quarter to a half of its time.
 *
 * BullMQ remembers a check in Redis for as long as it waits for the next one. So every other check may find that the last
 * one was a millisecond less than that ago, and does nothing: we check twice as often as we need.
 */
export const toStalledSettings = (lockMs: number) => ({
  lockDuration: lockMs,
  stalledInterval: lockMs / CHECKS_PER_LOCK,
  maxStalledCount: NEVER,
})
