/** How ioredis and BullMQ say that Redis cannot be reached. They have no common class for it. */
const MESSAGES =
  /^(?:Stream isn't writeable|Connection is closed|Connection not ready|Command timed out|Reached the max retries|connect E|read E|write E|getaddrinfo)|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT/
/** What a Redis that is there, but cannot serve now, answers. */
const REPLIES = /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|MISCONF|BUSY|NOREPLICAS) /

export const isRedisOutage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  if (error.name === 'MaxRetriesPerRequestError' || error.name === 'AbortError') return true
  return MESSAGES.test(error.message) || REPLIES.test(error.message)
}
