import type { Outcome } from '@runnel/contract/public'
import type { JobLog } from '@runnel/output/publisher'
import { createLogger } from '@runnel/process'
import type { Delivery } from '@runnel/queue/consumer'
import { connectRedis, createRedisKeys } from '@runnel/redis'
import { eventually, startRedis, uniquePrefix } from '@runnel/testing'
import { expect, test } from 'vitest'
import { type Api, startApi } from './api.ts'

const MEMORY_BYTES = 16 * 1024 * 1024
/** It is renewed after a quarter to a half of this. */
const LOCK_MS = 2_000
const EXITED: Outcome = { type: 'exited', exitCode: 0 }
const PIECE = Buffer.alloc(64 * 1024, 'x')

const submit = ({ app }: Api, url = '/v1/jobs') => app.inject({ method: 'POST', url, payload: { code: 'print(1)' } })
const read = async ({ app }: Api, id: string) => (await app.inject(`/v1/jobs/${id}`)).json()
const isReady = async ({ app }: Api) => {
  const response = await app.inject('/health/ready')
  return [response.statusCode, response.json().error?.code]
}

interface Running {
  readonly delivery: Delivery
  readonly log: JobLog
  readonly end: () => void
}

/** Starts jobs that run until the test ends them. */
const playWorker = async (api: Api) => {
  const running = new Map<string, Running>()
  await api.work(
    async (delivery, publisher) => {
      const log = publisher.open(delivery.job.id, delivery.attempt)
      if ((await log.start()) !== 'started') return
      const { promise: ended, resolve: end } = Promise.withResolvers<void>()
      running.set(delivery.job.id, { delivery, log, end })
      await ended
      await log.finish(EXITED, null)
    },
    { lockMs: LOCK_MS },
  )
  return async (): Promise<Running> => {
    const { id } = (await submit(api)).json()
    return eventually(() => {
      const found = running.get(id)
      if (found === undefined) throw new Error('The job has not started')
      return found
    })
  }
}

test('Running jobs keep their locks at our bound of Redis, their ends even at maxmemory, and it heals', async () => {
  await using server = await startRedis()
  await using resources = new AsyncDisposableStack()
  const redis = resources.adopt(
    connectRedis(server.url, { role: 'blocking', log: createLogger({ name: 'test', level: 'silent' }) }),
    (connection) => connection.disconnect(),
  )
  const prefix = uniquePrefix()
  const keys = createRedisKeys(prefix)
  await redis.config('SET', 'maxmemory', MEMORY_BYTES)
  const api = await startApi({ redisUrl: server.url, prefix, resources })
  const start = await playWorker(api)
  const [loud, quiet, last] = [await start(), await start(), await start()]
  const locksOf = (...jobs: readonly Running[]) =>
    Promise.all(jobs.map(({ delivery }) => redis.pttl(keys.jobLock(delivery.job.id))))
  /** Each lock was renewed after this call: its time to live has grown. */
  const locksRenewed = async (...jobs: readonly Running[]) => {
    let before = await locksOf(...jobs)
    const renewed = new Set<number>()
    await eventually(async () => {
      const now = await locksOf(...jobs)
      expect(Math.min(...now)).toBeGreaterThan(0)
      for (const [at, ms] of now.entries()) if (ms > (before[at] ?? 0)) renewed.add(at)
      before = now
      expect(renewed.size).toBe(jobs.length)
    })
  }

  // One program fills Redis to our bound.
  const lastType = async ({ delivery }: Running) => {
    const [entry] = await redis.xrevrange(keys.events(delivery.job.id), '+', '-', 'COUNT', 1)
    return entry?.[1][1]
  }
  for (let piece = 0; piece < (4 * MEMORY_BYTES) / PIECE.length; piece += 1) await loud.log.write('stdout', PIECE)
  await eventually(async () => expect(await lastType(loud)).toBe('dropped'))
  // However fast it prints: how full Redis is is looked at anew after each MiB. What waits to be read by Redis counts too.
  const peak = Number(/used_memory_peak:(\d+)/.exec(await redis.info('memory'))?.[1])
  expect(peak / MEMORY_BYTES).toBeGreaterThan(0.8)
  expect(peak / MEMORY_BYTES).toBeLessThan(0.95)
  const refused = await submit(api)
  expect([refused.statusCode, refused.json().error.code]).toEqual([503, 'storage-full'])
  expect(refused.json().error.message).toMatch(/^Cannot take this job: the memory of Redis is nearly full; /)
  expect(await isReady(api)).toEqual([503, 'storage-full'])
  await locksRenewed(loud, quiet, last)

  // Its end makes room: its output goes when the next job comes.
  quiet.end()
  loud.end()
  await eventually(async () => expect((await read(api, loud.delivery.job.id)).status).toBe('finished'))
  expect(await read(api, loud.delivery.job.id)).toMatchObject({ outcome: EXITED, output: { dropped: true } })
  expect((await read(api, quiet.delivery.job.id)).outcome).toEqual(EXITED)
  const accepted = await submit(api)
  expect(accepted.statusCode).toBe(202)
  expect(await isReady(api)).toEqual([200, undefined])
  expect((await read(api, loud.delivery.job.id)).output.stdout.data).toBe('')

  // Something else fills Redis to the brim: the end of a job is still written.
  const fill = async () => {
    for (let at = 0; ; at += 1) await redis.set(`${prefix}:filler:${at}`, PIECE)
  }
  await expect(fill()).rejects.toThrow('OOM')
  // How full it is is known for a second.
  await eventually(async () => expect(await isReady(api)).toEqual([503, 'storage-full']))
  expect((await submit(api)).json().error.code).toBe('storage-full')
  last.end()
  await eventually(async () => expect((await read(api, last.delivery.job.id)).outcome).toEqual(EXITED))
  await redis.del(await redis.keys(`${prefix}:filler:*`))
  await eventually(async () => expect(await isReady(api)).toEqual([200, undefined]))
  const after = await start()
  after.end()
  await eventually(async () => expect((await read(api, after.delivery.job.id)).outcome).toEqual(EXITED))
  await eventually(async () => expect(await redis.llen(keys.active)).toBe(1), { withinMs: LOCK_MS * 5 })
})
