import { eventually } from '@runnel/testing'
import { expect } from 'vitest'
import type { Delivery } from '../src/consumer.ts'
import { aborted, type connectParts, findLeftovers, LOCK_MS, newJob } from './parts.ts'
import { queueTest as test } from './parts-fixture.ts'
import { startWorkerProcess } from './worker-process.ts'

type Parts = ReturnType<typeof connectParts>

/** Jobs that run until they are ended by hand. */
const createHandler = () => {
  const running = new Map<string, { readonly tenant: string; readonly end: () => void }>()
  const handle = async ({ job, signal }: Delivery) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    running.set(job.id, { tenant: job.tenantId, end: resolve })
    const reason = await Promise.race([promise, aborted(signal)])
    running.delete(job.id)
    return reason === undefined ? ('done' as const) : ('requeue' as const)
  }
  const countOf = (tenant: string) => [...running.values()].filter((one) => one.tenant === tenant).length
  const endOne = (tenant: string) => {
    const [id, job] = [...running].find(([, one]) => one.tenant === tenant) ?? []
    running.delete(id ?? '')
    job?.end()
  }
  return { running, handle, countOf, endOne }
}

const submit = async ({ producer }: Parts, tenant: string, count: number, tenants: number): Promise<string[]> => {
  const jobs = Array.from({ length: count }, () => newJob(tenant))
  for (const job of jobs) await producer.enqueue(job, { tenants })
  return jobs.map(({ id }) => id)
}

test('a tenant with many long jobs leaves one place, and each single job of the other one starts at once', async ({
  redis,
  redisKeys,
  prefix,
  parts,
}) => {
  const { running, handle, countOf, endOne } = createHandler()
  parts.consume(handle, { concurrency: 10 })
  await eventually(async () => expect(await redis.hget(redisKeys.share, 'places')).toBe('10'))
  const long = await submit(parts, 'long', 30, 2)
  await eventually(() => expect(countOf('long')).toBe(9))
  // No further job is ready for a worker.
  expect(await redis.llen(redisKeys.wait)).toBe(0)

  for (const _ of Array(5)) {
    const [id = ''] = await submit(parts, 'short', 1, 2)
    await eventually(() => expect(running.has(id)).toBe(true))
    // Its place is kept for it while it runs a job, and after that.
    expect(countOf('long')).toBeLessThanOrEqual(9)
    endOne('short')
    await eventually(() => expect(countOf('short')).toBe(0))
  }
  // The jobs of the first one still follow each other at once.
  endOne('long')
  await eventually(() => expect(running.has(long[9] ?? '')).toBe(true))
  expect(countOf('long')).toBe(9)
  for (const id of long) await parts.producer.remove(id)
  await eventually(async () => {
    for (const { end } of running.values()) end()
    expect(await findLeftovers(redis, prefix)).toEqual([])
  })
})

test('a single tenant has all places', async ({ parts }) => {
  const { handle, countOf, running } = createHandler()
  parts.consume(handle, { concurrency: 10 })
  await submit(parts, 'only', 12, 1)
  await eventually(() => expect(countOf('only')).toBe(10))
  for (const { end } of running.values()) end()
  await eventually(() => expect(countOf('only')).toBe(2))
})

test('with one place nothing is kept free, and tenants take turns', async ({ redis, redisKeys, parts }) => {
  const { handle, running, countOf, endOne } = createHandler()
  parts.consume(handle, { concurrency: 1 })
  await eventually(async () => expect(await redis.hget(redisKeys.share, 'places')).toBe('1'))
  await submit(parts, 'a', 5, 2)
  await eventually(() => expect(countOf('a')).toBe(1))
  const [other = ''] = await submit(parts, 'b', 1, 2)
  // The first tenant was in the rotation before the other one.
  expect(await parts.producer.place(other)).toEqual({ position: 1 })
  endOne('a')
  await eventually(() => expect(countOf('a')).toBe(1))
  endOne('a')
  await eventually(() => expect([...running.keys()]).toEqual([other]))
})

test('the places of all workers count, those of a drained one only while it runs jobs', async ({
  redis,
  redisKeys,
  parts,
}) => {
  const places = async () => await redis.hget(redisKeys.share, 'places')
  const { handle, countOf, endOne } = createHandler()
  const one = parts.consume(handle, { concurrency: 6 })
  const other = parts.consume(handle, { concurrency: 4 })
  await eventually(async () => expect(await places()).toBe('10'))
  await submit(parts, 'long', 20, 2)
  await eventually(() => expect(countOf('long')).toBe(9))
  await other.stop(0)
  await eventually(async () => expect(await places()).toBe('6'))
  // Jobs that were put back are next, also those of a tenant that has places.
  await eventually(() => expect(countOf('long')).toBe(6))
  for (const left of [6, 6, 6, 5]) {
    endOne('long')
    await eventually(() => expect(countOf('long')).toBe(left))
  }
  await one.pause()
  endOne('long')
  await eventually(async () => expect(await places()).toBe('4'), { withinMs: 3_000 })
  one.resume()
  await eventually(async () => expect(await places()).toBe('6'))
  await eventually(() => expect(countOf('long')).toBe(5))
})

test('a worker that is killed has no places when its jobs are back, and the others go on', async ({
  redis,
  redisKeys,
  redisUrl,
  prefix,
  parts,
}) => {
  const { handle, running } = createHandler()
  await using worker = startWorkerProcess(redisUrl, prefix)
  const [taken = ''] = await submit(parts, 'a', 1, 2)
  await worker.says('taken')
  parts.consume(handle, { concurrency: 3 })
  await eventually(async () => expect(await redis.hget(redisKeys.share, 'places')).toBe('4'))
  worker.child.kill('SIGKILL')
  await eventually(() => expect(running.has(taken)).toBe(true), { withinMs: LOCK_MS * 3 })
  await eventually(async () => expect(await redis.hget(redisKeys.share, 'places')).toBe('3'), { withinMs: LOCK_MS * 2 })
})

test('the estimate of a short job behind long ones grows with them', async ({ parts }) => {
  const { handle, countOf } = createHandler()
  parts.consume(async (delivery) => (delivery.job.tenantId === 'quick' ? 'done' : handle(delivery)), { concurrency: 2 })
  const [quick = ''] = await submit(parts, 'quick', 1, 1)
  await eventually(async () => expect(await parts.producer.place(quick)).toBeUndefined())
  await submit(parts, 'long', 2, 1)
  await eventually(() => expect(countOf('long')).toBe(2))
  const startedMs = performance.now()
  const [waiting = ''] = await submit(parts, 'quick', 1, 1)
  for (const seconds of [0.5, 1, 1.5]) {
    await eventually(() => performance.now() - startedMs >= seconds * 1_000)
    const place = await parts.producer.place(waiting)
    const ranMs = performance.now() - startedMs
    expect(place?.position).toBe(0)
    expect(place?.estimatedWaitMs).toBeGreaterThanOrEqual(seconds * 1_000)
    expect(place?.estimatedWaitMs).toBeLessThan(ranMs + 500)
  }
})

test('a waiting job of a tenant that has nothing running is before those of tenants that have', async ({
  redis,
  redisKeys,
  parts,
}) => {
  const { handle, countOf } = createHandler()
  parts.consume(handle, { concurrency: 4 })
  await eventually(async () => expect(await redis.hget(redisKeys.share, 'places')).toBe('4'))
  const long = await submit(parts, 'a', 8, 3)
  await eventually(() => expect(countOf('a')).toBe(3))
  await submit(parts, 'b', 3, 3)
  await eventually(() => expect(countOf('b')).toBe(1))
  const [third = ''] = await submit(parts, 'c', 1, 3)
  expect(await parts.producer.place(third)).toEqual({ position: 0 })
  expect(await parts.producer.place(long[3] ?? '')).toEqual({ position: 1 })
})
