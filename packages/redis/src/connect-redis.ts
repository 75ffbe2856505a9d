import { Redis, type RedisOptions } from 'ioredis'

export type { Redis }

/**
 * What a connection is used for decides how it behaves while Redis is away.
 *
 *   command     a caller waits for the answer: fail at once, so that the caller can be answered
 *   subscriber  no caller waits: subscriptions are kept, and made again when Redis is back
 *   blocking    waits for work, however long that takes; BullMQ refuses any limit on retries here
 */
export type RedisRole = 'command' | 'subscriber' | 'blocking'

/** The part of a pino logger that is needed here. */
interface Log {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

/** A local Redis answers in under a millisecond. One that needs seconds cannot be used. */
const REPLY_TIMEOUT_MS = 3_000
const CONNECT_TIMEOUT_MS = 5_000
/** The first attempt to reconnect is made at once, later ones at this interval. An outage can last this long after Redis is back. */
const RECONNECT_DELAY_MAX_MS = 1_000
const KEEP_ALIVE_MS = 10_000

const OPTIONS_BY_ROLE: Readonly<Record<RedisRole, RedisOptions>> = {
  command: { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: REPLY_TIMEOUT_MS },
  subscriber: { maxRetriesPerRequest: null, autoResubscribe: true },
  blocking: { maxRetriesPerRequest: null },
}

/** The error after a failover: this Redis is no longer the primary. Only a new connection reaches the new primary. */
const isDemoted = ({ message }: Error): boolean => message.includes('READONLY ')

/** A connection that reconnects automatically. It logs once when Redis goes away, and once when it is back. */
export const connectRedis = (url: string, options: { readonly role: RedisRole; readonly log: Log }): Redis => {
  const { role, log } = options
  const redis = new Redis(url, {
    ...OPTIONS_BY_ROLE[role],
    connectionName: `runnel-${role}`,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAlive: KEEP_ALIVE_MS,
    reconnectOnError: isDemoted,
    retryStrategy: (times) => Math.min(50 * times, RECONNECT_DELAY_MAX_MS),
  })
  logChanges(redis, role, log)
  return redis
}

const CLOSED = 'the connection was closed'

/** A name with several addresses (localhost: 127.0.0.1 and ::1) fails with an error for each, and without a common message. */
const toReason = (error: Error): string => {
  const messages = error instanceof AggregateError ? error.errors.map(({ message }) => message) : [error.message]
  return messages.filter((message) => message !== '').join(', ') || error.name
}

const logChanges = (redis: Redis, role: RedisRole, log: Log): void => {
  let isAway = false
  let reason = CLOSED
  const logAway = (): void => {
    if (isAway) return
    isAway = true
    log.warn({ role }, `Redis is away: ${reason}`)
  }
  redis.on('error', (error: Error) => {
    reason = toReason(error)
    if (redis.status !== 'ready') logAway()
  })
  // Not `close`: ioredis emits that too when we close the connection ourselves.
  redis.on('reconnecting', logAway)
  redis.on('ready', () => {
    if (isAway) log.info({ role }, 'Redis is back')
    isAway = false
    reason = CLOSED
  })
}
