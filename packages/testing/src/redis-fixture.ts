import { Redis } from 'ioredis'
import { test as base, expect, inject } from 'vitest'
import { eventually } from './eventually.ts'
import { uniquePrefix } from './unique-prefix.ts'

/** Keys of ours that must always be on their way out. A log may stay only as long as its job has not finished. */
const ALWAYS_EXPIRING = [':control:', ':stdin:', ':history:', ':workers', ':ticket:', ':rate:']
const LOG = ':events:'

const keysOf = async (redis: Redis, prefix: string): Promise<string[]> => {
  const keys: string[] = []
  for await (const page of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) keys.push(...page)
  return keys
}

const mustExpire = async (redis: Redis, key: string): Promise<boolean> => {
  if (ALWAYS_EXPIRING.some((part) => key.includes(part))) return true
  if (!key.includes(LOG)) return false
  const [top] = await redis.xrevrange(key, '+', '-', 'COUNT', 1)
  return top?.[1][1]?.includes('"type":"finished"') ?? false
}

const findLastingKeys = async (redis: Redis, prefix: string): Promise<string[]> => {
  const lasting: string[] = []
  for (const key of await keysOf(redis, prefix)) {
    if ((await redis.pttl(key)) === -1 && (await mustExpire(redis, key))) lasting.push(key)
  }
  return lasting
}

const findConnections = async (redis: Redis, name: string): Promise<string[]> => {
  const clients = String(await redis.client('LIST')).split('\n')
  return clients.filter((client) => client.includes(name))
}

/** Without a bound, something that never closes would hold up the whole run without a word. */
const RELEASE_MS = 20_000

const releasedInTime = async (released: Promise<void>): Promise<void> => {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`Resources were not released in ${RELEASE_MS} ms`)), RELEASE_MS)
  await Promise.race([released, late]).finally(() => clearTimeout(timer))
}

/**
 * A test with the run's Redis.
 *
 *   redis      a plain connection to look inside with
 *   prefix     nobody else's; its keys are removed, and the test fails if one that should expire would not
 *   redisUrl   makes connections that are known as this test's; the test fails if one is still open at its end
 *   resources  disposed at the end of the test, last one first, before those two look
 */
export const redisTest = base
  .extend('redis', async ({ task }, { onCleanup }) => {
    const redis = new Redis(inject('redisUrl'), { connectionName: `inspection-of-${task.id}` })
    onCleanup(() => redis.disconnect())
    return redis
  })
  .extend('prefix', async ({ redis }, { onCleanup }) => {
    const prefix = uniquePrefix()
    onCleanup(async () => {
      const lasting = await findLastingKeys(redis, prefix)
      const keys = await keysOf(redis, prefix)
      if (keys.length > 0) await redis.del(...keys)
      expect(lasting, 'keys that would stay for ever').toEqual([])
    })
    return prefix
  })
  .extend('redisUrl', async ({ redis, prefix }, { onCleanup }) => {
    // BullMQ names its connections after the prefix; so do all others made from this URL.
    onCleanup(() =>
      eventually(async () => expect(await findConnections(redis, prefix), 'connections left open').toEqual([])),
    )
    return `${inject('redisUrl')}?connectionName=${encodeURIComponent(prefix)}`
  })
  .extend('resources', async ({ redisUrl }, { onCleanup }) => {
    const resources = new AsyncDisposableStack()
    // Naming `redisUrl` makes its check come after this.
    void redisUrl
    onCleanup(() => releasedInTime(resources.disposeAsync()))
    return resources
  })
