/**
 * Relies on: these codes of an error mean that the lock of a job is not ours. Its record is gone (-1), it has no lock (-2), it
 * is not active (-3), or another one has its lock (-6).
 */
const LOST_LOCK_CODES: ReadonlySet<unknown> = new Set([-1, -2, -3, -6])

/**
 * Relies on: BullMQ reports a job that we lost with one of those codes, or with this message. We log it once when the job's
 * signal aborts; BullMQ reports it several times more.
 */
export const isLostLock = (error: Error): boolean =>
  ('code' in error && LOST_LOCK_CODES.has(error.code)) || error.message.startsWith('could not renew lock')

/** Relies on: BullMQ passes errors of the socket on, and reports a closed connection with this message. */
export const isLostConnection = (error: Error): boolean =>
  'syscall' in error || error.message === 'Connection is closed.'
