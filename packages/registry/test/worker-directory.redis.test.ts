import { redisTest as test } from '@runnel/redis/testing'
import { expect } from 'vitest'
import { createWorkerDirectory } from '../src/index.ts'

test('a worker counts once from its first beat until it leaves', async ({ redis, prefix }) => {
  const workers = createWorkerDirectory({ redis, prefix })
  expect(await workers.count()).toEqual({ ready: 0, notReady: 0 })
  await workers.beat({ id: 'a', isReady: true })
  await workers.beat({ id: 'a', isReady: true })
  await workers.beat({ id: 'b', isReady: true })
  expect(await workers.count()).toEqual({ ready: 2, notReady: 0 })
  await workers.leave('a')
  expect(await workers.count()).toEqual({ ready: 1, notReady: 0 })
})

test('a worker that is alive and takes no jobs counts as not ready, until it takes jobs again', async ({
  redis,
  prefix,
}) => {
  const workers = createWorkerDirectory({ redis, prefix })
  await workers.beat({ id: 'a', isReady: true })
  await workers.beat({ id: 'a', isReady: false })
  expect(await workers.count()).toEqual({ ready: 0, notReady: 1 })
  await workers.beat({ id: 'a', isReady: true })
  expect(await workers.count()).toEqual({ ready: 1, notReady: 0 })
})

test('a worker that was not seen for 15 s, or has left, is dead; an unknown one is not reported as dead', async ({
  redis,
  prefix,
  redisKeys,
}) => {
  const workers = createWorkerDirectory({ redis, prefix })
  await redis.zadd(redisKeys.workers, Date.now() - 15_100, 'silent')
  await workers.beat({ id: 'alive', isReady: false })
  await workers.beat({ id: 'left', isReady: true })
  await workers.leave('left')
  expect(await workers.count()).toEqual({ ready: 0, notReady: 1 })
  expect(await workers.findDead(['alive', 'silent', 'left', 'stranger'])).toEqual(['silent', 'left'])
  expect(await workers.findDead([])).toEqual([])
})

test('a worker is forgotten after a day', async ({ redis, prefix, redisKeys }) => {
  const workers = createWorkerDirectory({ redis, prefix })
  await redis.zadd(redisKeys.workers, Date.now() - 24 * 60 * 60 * 1_000 - 100, 'old')
  await workers.beat({ id: 'new', isReady: true })
  expect(await redis.zrange(redisKeys.workers, 0, -1)).toEqual(['new'])
})
