import { Redis, type RedisOptions } from 'ioredis'
import type { Logger } from './logger.ts'

export type { Redis }

/**
 * What a connection is for decides how it behaves while Redis is away.
 *
 *   command     a caller is waiting for the answer: fail at once, so that it can be told
 *   subscriber  nobody waits: subscriptions are kept and made again when Redis is back
 *   blocking    waits for work for as long as it takes; BullMQ refuses any bound on retries here
 */
export type RedisRole = 'command' | 'subscriber' | 'blocking'

/** A local Redis answers in under a millisecond; one that needs seconds is as good as away. */
const COMMAND_TIMEOUT_MS = 3_000
const CONNECT_TIMEOUT_MS = 5_000
/** Reconnecting begins at once and settles at this pace: an outage ends at most this long after Redis is back. */
const RECONNECT_DELAY_MAX_MS = 1_000

const OPTIONS_BY_ROLE: Readonly<Record<RedisRole, RedisOptions>> = {
  command: { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: COMMAND_TIMEOUT_MS },
  subscriber: { maxRetriesPerRequest: null, autoResubscribe: true },
  blocking: { maxRetriesPerRequest: null },
}

/** What was the primary before a failover. Whoever asks again is led to the new one, and this connection would never be. */
const isDemoted = ({ message }: Error): boolean => message.includes('READONLY ')

/** A connection that heals by itself, and logs once that Redis went away and once that it is back. */
export const connectRedis = (url: string, options: { readonly role: RedisRole; readonly log: Logger }): Redis => {
  const { role, log } = options
  const redis = new Redis(url, {
    ...OPTIONS_BY_ROLE[role],
    connectionName: `runnel-${role}`,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAlive: 10_000,
    reconnectOnError: isDemoted,
    retryStrategy: (times) => Math.min(50 * times, RECONNECT_DELAY_MAX_MS),
  })
  logChanges(redis, role, log)
  return redis
}

const logChanges = (redis: Redis, role: RedisRole, log: Logger): void => {
  let isAway = false
  let reason = 'the connection was closed'
  const away = (): void => {
    if (isAway) return
    isAway = true
    log.warn({ role }, `Redis is away: ${reason}`)
  }
  redis.on('error', (error: Error) => {
    reason = error.message === '' ? error.name : error.message
    if (redis.status !== 'ready') away()
  })
  // ioredis says `close` for every lost connection, and `reconnecting` only where that was not asked for.
  redis.on('reconnecting', away)
  redis.on('ready', () => {
    if (isAway) log.info({ role }, 'Redis is back')
    isAway = false
    reason = 'the connection was closed'
  })
}
