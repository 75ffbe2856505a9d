import type { Redis } from './connect-redis.ts'

const untilReady = (redis: Redis, signal: AbortSignal): Promise<void> => {
  if (redis.status === 'ready' || signal.aborted) return Promise.resolve()
  const { promise, resolve } = Promise.withResolvers<void>()
  redis.once('ready', resolve)
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise.finally(() => redis.off('ready', resolve))
}

/** INFO, because a managed Redis often forbids CONFIG. */
const readMemoryInfo = async (redis: Redis): Promise<ReadonlyMap<string, string>> => {
  // A Redis that does not answer INFO is not refused: nothing is known about it.
  const info = await redis.info('memory').catch(() => '')
  return new Map(
    info.split('\r\n').flatMap((line) => {
      const [name, value] = line.split(':', 2)
      return name === undefined || value === undefined ? [] : [[name, value]]
    }),
  )
}

/**
 * Waits until Redis can be reached, or `signal` aborts. Then returns one sentence for the operator if this Redis may
 * remove keys when its memory is full, because accepted jobs would be lost. Undefined if it keeps everything.
 */
export const findEvictionRisk = async (redis: Redis, signal: AbortSignal): Promise<string | undefined> => {
  await untilReady(redis, signal)
  if (signal.aborted) return undefined
  const memory = await readMemoryInfo(redis)
  const policy = memory.get('maxmemory_policy') ?? 'noeviction'
  if (policy === 'noeviction' || (memory.get('maxmemory') ?? '0') === '0') return undefined
  return `REDIS_URL: this Redis may remove accepted jobs when its memory is full, because its maxmemory-policy is ${policy}: set it to noeviction`
}
