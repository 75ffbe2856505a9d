/** A log that was followed is gone, or ends before an event that was already read: Redis has lost data. */
export class LogGoneError extends Error {
  override name = 'LogGoneError'
}
