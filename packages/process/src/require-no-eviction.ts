import type { Redis } from 'ioredis'
import { StartError } from './start-error.ts'

const untilReady = (redis: Redis, signal: AbortSignal): Promise<void> => {
  if (redis.status === 'ready' || signal.aborted) return Promise.resolve()
  const { promise, resolve } = Promise.withResolvers<void>()
  redis.once('ready', resolve)
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.finally(() => redis.off('ready', resolve))
}

/** CONFIG is often forbidden where somebody else runs Redis; INFO says it too. */
const readMemory = async (redis: Redis): Promise<ReadonlyMap<string, string>> => {
  // Nothing is known of one that does not say.
  const info = await redis.info('memory').catch(() => '')
  return new Map(
    info.split('\r\n').flatMap((line) => {
      const [name, value] = line.split(':', 2)
      return name === undefined || value === undefined ? [] : [[name, value]]
    }),
  )
}

/**
 * Waits until Redis is there, however long that takes, or `signal` aborts. Throws a StartError where that Redis would
 * forget something when it is full: a job that was accepted, or the end of one.
 */
export const requireNoEviction = async (redis: Redis, signal: AbortSignal): Promise<void> => {
  await untilReady(redis, signal)
  if (signal.aborted) return
  const memory = await readMemory(redis)
  const policy = memory.get('maxmemory_policy') ?? 'noeviction'
  if (policy === 'noeviction' || (memory.get('maxmemory') ?? '0') === '0') return
  throw new StartError(
    `REDIS_URL: this Redis may forget accepted jobs when it is full, as its maxmemory-policy is ${policy}; set it to noeviction`,
  )
}
