import { redisTest as test } from '@runnel/redis/testing'
import { describe, expect } from 'vitest'
import { createStatsReader, createStatsWriter, createWorkerStatsWriter } from '../src/index.ts'

const HOUR_MS = 3_600_000
const sum = (numbers: readonly (number | null)[]): number => numbers.reduce((all: number, one) => all + (one ?? 0), 0)

describe('The numbers', () => {
  test('of several processes add up, by the minute and by the hour', async ({ redis, prefix, resources }) => {
    const reader = createStatsReader({ redis, prefix })
    const sample = async () => ({ waiting: 7, running: 2 })
    const api = resources.use(createStatsWriter({ redis, prefix, sample }))
    const [one, other] = [1, 2].map(() => resources.use(createStatsWriter({ redis, prefix })))
    for (const _ of Array(3)) api.accepted()
    api.refused('queue-full')
    api.refused('invalid-request')
    api.refused('queue-full')
    api.ended('canceled', {})
    one?.ended('succeeded', { waitMs: 4, firstOutputMs: 30, runMs: 900 })
    other?.ended('sandbox-failed', { waitMs: 6 })
    other?.ended('succeeded', { waitMs: 4, firstOutputMs: 30, runMs: 900 })
    for (const writer of [api, one, other]) await writer?.flush()

    const expected = {
      accepted: 3,
      refused: { 'queue-full': 2, 'invalid-request': 1 },
      ended: {
        succeeded: 2,
        failed: 0,
        signaled: 0,
        'timed-out': 0,
        'out-of-memory': 0,
        'output-limit': 0,
        canceled: 1,
        'sandbox-failed': 1,
        'sandbox-ended': 0,
      },
      waitMs: { count: 3, p50: 4.5, p95: 6.7 },
      firstOutputMs: { count: 2, p50: 25, p95: 29.5 },
      runMs: { count: 2, p50: 850, p95: 985 },
    }
    for (const query of [{}, { stepMs: HOUR_MS }]) {
      const { series, totals } = await reader.read(query)
      expect(totals).toEqual(expected)
      expect(sum(series.accepted)).toBe(3)
      expect(sum(series.refused['queue-full'] ?? [])).toBe(2)
      expect(sum(series.ended.succeeded)).toBe(2)
      expect(sum(series.waitMs.count)).toBe(3)
      expect(series.waitMs.p50.filter((ms) => ms !== null)).not.toEqual([])
      expect(series.waiting.highest.findLast((jobs) => jobs !== null)).toBe(7)
      expect(series.running.mean.findLast((jobs) => jobs !== null)).toBe(2)
    }
  })

  test('are empty where nothing was counted', async ({ redis, prefix }) => {
    const toMs = Math.floor(Date.now() / 60_000) * 60_000
    const query = { fromMs: toMs - HOUR_MS, toMs }
    const { from, to, stepMs, series, totals } = await createStatsReader({ redis, prefix }).read(query)
    expect([Date.parse(to) - Date.parse(from), stepMs, series.accepted.length]).toEqual([HOUR_MS, 60_000, 60])
    expect([sum(series.accepted), series.refused, totals.accepted]).toEqual([0, {}, 0])
    expect(new Set([...series.waitMs.p50, ...series.waiting.highest, ...series.running.mean])).toEqual(new Set([null]))
  })

  test('of a batch whose answer was lost are counted once', async ({ redis, prefix, resources }) => {
    const read = async () => (await createStatsReader({ redis, prefix }).read({})).totals.accepted
    const cut = redis.duplicate({ retryStrategy: () => null })
    resources.defer(() => cut.disconnect())
    const writer = resources.use(createStatsWriter({ redis: cut, prefix }))
    writer.accepted()
    await writer.flush()
    writer.accepted()
    const flushed = writer.flush()
    // The batch is on its way, and its answer cannot have come: no input is read before these promises have resolved.
    for (const step of Array(10)) await step
    cut.disconnect()
    await flushed
    await expect.poll(read).toBe(2)
    await cut.connect()
    writer.accepted()
    await writer.flush()
    await writer.flush()
    expect(await read()).toBe(3)
  })

  test('that were counted while Redis was away are there when it is back', async ({ redis, prefix, resources }) => {
    const away = redis.duplicate({ retryStrategy: () => null })
    resources.defer(() => away.disconnect())
    const writer = resources.use(createStatsWriter({ redis: away, prefix }))
    await away.ping()
    away.disconnect()
    writer.accepted()
    await writer.flush()
    await away.connect()
    await writer.flush()
    expect((await createStatsReader({ redis, prefix }).read({})).totals.accepted).toBe(1)
  })

  test('that a process counted last are written when it stops', async ({ redis, prefix }) => {
    const writer = createStatsWriter({ redis, prefix })
    writer.accepted()
    await writer[Symbol.asyncDispose]()
    expect((await createStatsReader({ redis, prefix }).read({})).totals.accepted).toBe(1)
  })

  test('of minutes that are over are read from Redis once', async ({ redis, prefix, redisKeys }) => {
    const reader = createStatsReader({ redis, prefix })
    const minute = Math.floor(Date.now() / 60_000) - 10
    await redis.hset(redisKeys.statsMinute(minute), 'accepted', 5)
    await redis.pexpire(redisKeys.statsMinute(minute), 60_000)
    expect((await reader.read({})).totals.accepted).toBe(5)
    await redis.del(redisKeys.statsMinute(minute))
    expect((await reader.read({})).totals.accepted).toBe(5)
    expect((await createStatsReader({ redis, prefix }).read({})).totals.accepted).toBe(0)
  })

  test('of a code or an outcome that this version does not know are left out', async ({ redis, prefix, redisKeys }) => {
    const key = redisKeys.statsMinute(Math.floor(Date.now() / 60_000) - 1)
    await redis.hset(key, { 'refused:newer': 1, 'ended:newer': 1, 'wait:17': 1, accepted: 1 })
    await redis.pexpire(key, 60_000)
    const { totals } = await createStatsReader({ redis, prefix }).read({})
    expect([totals.accepted, totals.refused, totals.ended.succeeded, totals.waitMs.count]).toEqual([1, {}, 0, 0])
  })
})

test('What workers count reaches the numbers once, by any API, and nothing else that they send does', async ({
  redis,
  prefix,
  redisKeys,
  resources,
}) => {
  const apis = [1, 2].map(() => resources.use(createStatsWriter({ redis, prefix })))
  const worker = resources.use(createWorkerStatsWriter({ redis, prefix }))
  worker.ended('succeeded', { waitMs: 4, runMs: 900 })
  await worker.flush()
  await redis.xadd(redisKeys.counts, '*', 'counts', '[["accepted",5],["keys",1],["ended:failed",-3]]')
  await redis.xadd(redisKeys.counts, '*', 'counts', '[["accepted",5],["ended:failed",1]]')
  await redis.xadd(redisKeys.counts, '*', 'counts', 'not JSON')
  await redis.pexpire(redisKeys.counts, 60_000)
  for (const api of [...apis, ...apis]) await api.flush()
  const { totals } = await createStatsReader({ redis, prefix }).read({})
  expect(totals).toMatchObject({ accepted: 0, ended: { succeeded: 1, failed: 1 }, waitMs: { count: 1 } })
  expect(await redis.xlen(redisKeys.counts)).toBe(0)
})
