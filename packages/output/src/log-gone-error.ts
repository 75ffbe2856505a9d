/** A log that was followed is not there any more, or ends before what was already read of it: Redis has lost data. */
export class LogGoneError extends Error {
  override name = 'LogGoneError'
}
