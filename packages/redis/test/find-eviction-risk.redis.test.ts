import { createLogger } from '@runnel/process'
import { eventually, startRedis } from '@runnel/testing'
import { expect, test } from 'vitest'
import { connectRedis, findEvictionRisk } from '../src/index.ts'

test('a Redis that may remove keys when it is full is reported, even if it can be reached only later', async () => {
  await using server = await startRedis()
  await server.stop()
  const redis = connectRedis(server.url, { role: 'command', log: createLogger({ name: 'test', level: 'silent' }) })
  const { signal } = new AbortController()
  const waiting = findEvictionRisk(redis, signal)
  await server.start()
  expect(await waiting).toBeUndefined()
  await eventually(() => redis.config('SET', 'maxmemory', '0'))
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
  // Without a limit on memory nothing is ever removed.
  expect(await findEvictionRisk(redis, signal)).toBeUndefined()
  await redis.config('SET', 'maxmemory', '100mb')
  expect(await findEvictionRisk(redis, signal)).toBe(
    'REDIS_URL: this Redis may remove accepted jobs when its memory is full, because its maxmemory-policy is allkeys-lru: set it to noeviction',
  )
  await redis.config('SET', 'maxmemory-policy', 'noeviction')
  expect(await findEvictionRisk(redis, signal)).toBeUndefined()
  redis.disconnect()
})

test('the wait for a Redis that is away ends when the process stops', async () => {
  await using server = await startRedis()
  await server.stop()
  const redis = connectRedis(server.url, { role: 'command', log: createLogger({ name: 'test', level: 'silent' }) })
  expect(await findEvictionRisk(redis, AbortSignal.timeout(100))).toBeUndefined()
  redis.disconnect()
})
