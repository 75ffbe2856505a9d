import { RequestError } from '@runnel/contract/public'
import type { Redis } from '@runnel/process'

/** How ioredis and BullMQ say that there is nobody to talk to. They have no common class for it. */
const MESSAGES =
  /^(?:Stream isn't writeable|Connection is closed|Connection not ready|Command timed out|Reached the max retries|connect E|read E|write E|getaddrinfo)|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT/
/** What a Redis that is there, but cannot serve now, answers. */
const REPLIES = /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|MISCONF|BUSY|NOREPLICAS) /

export const isRedisOutage = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  if (error.name === 'MaxRetriesPerRequestError' || error.name === 'AbortError') return true
  return MESSAGES.test(error.message) || REPLIES.test(error.message)
}

export const toRedisUnavailable = (cause?: unknown): RequestError =>
  new RequestError('redis-unavailable', 'Redis cannot be reached at the moment: try again shortly', {
    cause,
  })

/** BullMQ waits for a connection that is not ready; whoever waits for us is told at once instead. */
export const requireRedis = (redis: Redis): void => {
  if (redis.status !== 'ready') throw toRedisUnavailable()
}
