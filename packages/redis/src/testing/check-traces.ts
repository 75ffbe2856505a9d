import { eventually } from '@runnel/testing'
import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import { findWrongKeys } from './find-wrong-keys.ts'

const findKeys = async (redis: Redis, prefix: string): Promise<string[]> => {
  const keys: string[] = []
  for await (const page of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) keys.push(...page)
  return keys
}

/** Removes all keys under a prefix. Fails if one of them is not as the table says, or would stay forever. */
export const removeKeys = async (redis: Redis, prefix: string): Promise<void> => {
  const keys = await findKeys(redis, prefix)
  const wrong = await findWrongKeys(redis, prefix, keys)
  if (keys.length > 0) await redis.del(...keys)
  expect(wrong, 'keys that are not as packages/redis/src/key-table.ts says').toEqual([])
}

/** Redis has the connections of this URL under the name of the prefix, as it has those of BullMQ. */
export const namedUrl = (redisUrl: string, prefix: string): string =>
  `${redisUrl}?connectionName=${encodeURIComponent(prefix)}`

const findConnections = async (redis: Redis, name: string): Promise<string[]> => {
  const clients = String(await redis.client('LIST')).split('\n')
  return clients.filter((client) => client.includes(name))
}

/** Fails if a connection of this prefix stays open. */
export const untilDisconnected = (redis: Redis, prefix: string): Promise<void> =>
  eventually(async () => expect(await findConnections(redis, prefix), 'connections left open').toEqual([]))
