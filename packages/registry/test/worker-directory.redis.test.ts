import { redisTest as test } from '@runnel/testing'
import { expect } from 'vitest'
import { createWorkerDirectory } from '../src/index.ts'

test('a worker counts once from its first beat until it leaves', async ({ redis, prefix }) => {
  const workers = createWorkerDirectory({ redis, prefix })
  expect(await workers.count()).toBe(0)
  await workers.beat({ id: 'a' })
  await workers.beat({ id: 'a' })
  await workers.beat({ id: 'b' })
  expect(await workers.count()).toBe(2)
  await workers.leave('a')
  expect(await workers.count()).toBe(1)
})

test('a worker that was not seen for 15 s does not count, and is forgotten at the next beat', async ({
  redis,
  prefix,
}) => {
  const workers = createWorkerDirectory({ redis, prefix })
  await redis.zadd(`${prefix}:workers`, Date.now() - 15_100, 'dead')
  expect(await workers.count()).toBe(0)
  await workers.beat({ id: 'alive' })
  expect(await workers.count()).toBe(1)
  expect(await redis.zrange(`${prefix}:workers`, 0, -1)).toEqual(['alive'])
})
