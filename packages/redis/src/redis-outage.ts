/** How ioredis and BullMQ report that Redis cannot be reached. They have no common error class for it. */
const MESSAGES =
  /^(?:Stream isn't writeable|Connection is closed|Connection not ready|Command timed out|Reached the max retries|connect E|read E|write E|getaddrinfo)|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT/
/** The errors of a Redis that can be reached but cannot serve now. */
const REPLIES = /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|MISCONF|BUSY|NOREPLICAS) /

/** Whether Redis is away, or cannot serve now. The command may still have been executed. */
export const isRedisOutage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  if (error.name === 'MaxRetriesPerRequestError' || error.name === 'AbortError') return true
  return MESSAGES.test(error.message) || REPLIES.test(error.message)
}
