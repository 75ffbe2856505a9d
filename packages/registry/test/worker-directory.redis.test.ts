import { redisTest as test } from '@runnel/redis/testing'
import { expect } from 'vitest'
import { createWorkerDirectory, type WorkerReport } from '../src/index.ts'

const READY: WorkerReport = {
  host: 'blue',
  version: '1.2.3',
  startedAt: '2026-01-01T00:00:00.000Z',
  concurrency: 4,
  busy: 0,
  pool: { idle: 2, bound: 8 },
  sandboxes: { running: 0, bound: 4 },
  isolation: { served: 'job' },
  state: 'ready',
}
const NO_ENGINE: WorkerReport = { ...READY, state: 'no-engine', fault: 'connect ENOENT /var/run/docker.sock' }
const HOUR_MS = 60 * 60 * 1_000

test('a worker counts once from its first beat until it leaves', async ({ redis, prefix }) => {
  const workers = createWorkerDirectory({ redis, prefix })
  expect(await workers.count()).toEqual({ ready: 0, notReady: 0, drained: 0 })
  await workers.beat('a', READY)
  await workers.beat('a', READY)
  await workers.beat('b', READY)
  expect(await workers.count()).toEqual({ ready: 2, notReady: 0, drained: 0 })
  await workers.leave('a')
  expect(await workers.count()).toEqual({ ready: 1, notReady: 0, drained: 0 })
})

test('a worker that is alive and takes no jobs counts as not ready, until it takes jobs again', async ({
  redis,
  prefix,
}) => {
  const workers = createWorkerDirectory({ redis, prefix })
  await workers.beat('a', READY)
  await workers.beat('a', NO_ENGINE)
  expect(await workers.count()).toEqual({ ready: 0, notReady: 1, drained: 0 })
  await workers.beat('a', READY)
  expect(await workers.count()).toEqual({ ready: 1, notReady: 0, drained: 0 })
})

test('a worker that cannot give isolation "job" says what it gives instead, and why, for as long as it is alive', async ({
  redis,
  prefix,
  redisKeys,
}) => {
  const workers = createWorkerDirectory({ redis, prefix })
  const isolation = { served: 'container', reason: 'AppArmor forbids it' } as const
  await workers.beat('a', READY)
  await workers.beat('b', { ...READY, isolation })
  expect(await workers.count()).toEqual({ ready: 2, notReady: 0, drained: 0, isolation })
  expect((await workers.list()).workers.map((worker) => worker.isolation)).toEqual([READY.isolation, isolation])
  const leftMs = await redis.pttl(redisKeys.weakerIsolation)
  expect(leftMs > 10_000 && leftMs <= 15_000, String(leftMs)).toBe(true)
})

test('a worker that was not seen for 15 s, or has left, is dead; an unknown one is not reported as dead', async ({
  redis,
  prefix,
  redisKeys,
}) => {
  const workers = createWorkerDirectory({ redis, prefix })
  await redis.zadd(redisKeys.workers, Date.now() - 15_100, 'silent')
  await workers.beat('alive', NO_ENGINE)
  await workers.beat('left', READY)
  await workers.leave('left')
  expect(await workers.count()).toEqual({ ready: 0, notReady: 1, drained: 0 })
  expect(await workers.findDead(['alive', 'silent', 'left', 'stranger'])).toEqual(['silent', 'left'])
  expect(await workers.findDead([])).toEqual([])
})

test('a worker is forgotten after a day', async ({ redis, prefix, redisKeys }) => {
  const workers = createWorkerDirectory({ redis, prefix })
  await redis.zadd(redisKeys.workers, Date.now() - 24 * HOUR_MS - 100, 'old')
  await workers.beat('new', READY)
  expect(await redis.zrange(redisKeys.workers, 0, -1)).toEqual(['new'])
})

test('the list says what each worker does and why it takes no jobs; one that has left is not in it', async ({
  redis,
  prefix,
}) => {
  const workers = createWorkerDirectory({ redis, prefix })
  expect(await workers.list()).toEqual({ workers: [], leftOut: 0 })
  await workers.beat('b', READY)
  await workers.beat('a', NO_ENGINE)
  await workers.beat('c', { ...READY, state: 'starting' })
  await workers.beat('d', { ...READY, state: 'stopping', busy: 1 })
  await workers.beat('gone', READY)
  await workers.leave('gone')
  const { workers: listed, leftOut } = await workers.list()
  expect(listed.map(({ id, alive, ready, state }) => [id, alive, ready, state])).toEqual([
    ['a', true, false, 'no-engine'],
    ['b', true, true, 'ready'],
    ['c', true, false, 'starting'],
    ['d', true, false, 'stopping'],
  ])
  expect(listed.map(({ reason }) => reason)).toEqual([
    'It can make no sandboxes: connect ENOENT /var/run/docker.sock. It tries again every second.',
    undefined,
    'It has just started and checks whether it can make sandboxes.',
    'It is stopping; 1 running job ends first, within its shutdown grace.',
  ])
  expect(listed[1]).toMatchObject({ host: 'blue', version: '1.2.3', concurrency: 4, pool: { idle: 2, bound: 8 } })
  expect(leftOut).toBe(0)
})

test('a drained worker is not ready from the same step on, and stays drained with every beat until it is resumed', async ({
  redis,
  prefix,
}) => {
  const workers = createWorkerDirectory({ redis, prefix })
  expect(await workers.beat('a', READY)).toEqual({ isDrained: false })
  const drained = await workers.setDrained('a', true)
  expect([drained.state, drained.ready, drained.drained]).toEqual(['drained', false, true])
  expect(await workers.count()).toEqual({ ready: 0, notReady: 1, drained: 1 })
  expect(await workers.beat('a', { ...READY, busy: 2 })).toEqual({ isDrained: true })
  expect((await workers.list()).workers[0]).toMatchObject({
    state: 'draining',
    reason: 'It was told to take no new jobs; 2 running jobs end first.',
  })
  expect(await workers.beat('a', { ...NO_ENGINE })).toEqual({ isDrained: true })
  expect((await workers.list()).workers[0]).toMatchObject({ state: 'no-engine', drained: true })
  expect((await workers.setDrained('a', true)).drained).toBe(true)
  expect((await workers.setDrained('a', false)).drained).toBe(false)
  expect(await workers.beat('a', READY)).toEqual({ isDrained: false })
  expect(await workers.count()).toEqual({ ready: 1, notReady: 0, drained: 0 })
})

test('a worker is told at once that it was drained or resumed', async ({ redis, prefix, redisKeys, resources }) => {
  const workers = createWorkerDirectory({ redis, prefix })
  const subscriber = redis.duplicate()
  resources.defer(() => subscriber.disconnect())
  const told: string[] = []
  subscriber.on('message', (_, id: string) => told.push(id))
  await subscriber.subscribe(redisKeys.drainChannel)
  await workers.beat('a', READY)
  await workers.setDrained('a', true)
  await workers.setDrained('a', false)
  // Its answer comes after the messages.
  await subscriber.ping()
  expect(told).toEqual(['a', 'a'])
})

test('a worker that is unknown, has left or died cannot be drained, and the answer says which', async ({
  redis,
  prefix,
  redisKeys,
}) => {
  const workers = createWorkerDirectory({ redis, prefix })
  await workers.beat('left', READY)
  await workers.leave('left')
  await workers.beat('dead', { ...READY, busy: 3 })
  await redis.zadd(redisKeys.workers, Date.now() - 16_000, 'dead')
  for (const id of ['stranger', 'left', '']) {
    await expect(workers.setDrained(id, true)).rejects.toMatchObject({ code: 'worker-not-found' })
  }
  await expect(workers.setDrained('dead', true)).rejects.toMatchObject({ code: 'worker-dead' })
  expect((await workers.list()).workers).toMatchObject([{ id: 'dead', alive: false, state: 'dead', busy: 3 }])
  expect(await redis.exists(redisKeys.drainedWorkers)).toBe(0)
})

test('a dead worker leaves the list an hour after it was last seen', async ({ redis, prefix, redisKeys }) => {
  const workers = createWorkerDirectory({ redis, prefix })
  await workers.beat('old', READY)
  await redis.zadd(redisKeys.workers, Date.now() - HOUR_MS - 100, 'old')
  expect(await workers.list()).toEqual({ workers: [], leftOut: 0 })
  expect(await redis.pttl(redisKeys.workerReport('old'))).toBeGreaterThan(HOUR_MS - 30_000)
})

test('with more than a thousand workers the list has those seen last, and says how many it leaves out', async ({
  redis,
  prefix,
}) => {
  const workers = createWorkerDirectory({ redis, prefix })
  for (const at of Array(1_003).keys()) void workers.beat(`w${String(at).padStart(4, '0')}`, READY)
  await workers.beat('last', READY)
  const { workers: listed, leftOut } = await workers.list()
  expect([listed.length, leftOut]).toEqual([1_000, 4])
  expect(listed.at(0)?.id).toBe('last')
})
