import { RequestError } from '@runnel/contract/public'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import type { Producer } from '../src/producer.ts'
import { connectParts, findLeftovers, LOCK_MS, newJob } from './parts.ts'
import { queueTest as test } from './parts-fixture.ts'
import { startWorkerProcess } from './worker-process.ts'

const TEN = { queued: 10, running: null }

const submitAtOnce = async (producer: Producer, count: number, tenants: readonly string[]) => {
  const jobs = Array.from({ length: count }, (_, n) => newJob(tenants[n % tenants.length]))
  const answers = await Promise.allSettled(jobs.map((job) => producer.enqueue(job, { tenantBounds: TEN })))
  const refusals = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []))
  return { jobs, refusals, taken: answers.length - refusals.length }
}

describe('a tenant with a bound of ten', () => {
  test('gets ten jobs accepted if it submits two hundred at once', async ({ parts: { producer } }) => {
    const { refusals, taken } = await submitAtOnce(producer, 200, ['a'])
    expect(taken).toBe(10)
    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(RequestError)
      expect(refusal).toMatchObject({
        code: 'queue-full',
        status: 429,
        retryAfterMs: 5_000,
        details: [
          { path: 'queue.length', message: '10' },
          { path: 'queue.bound', message: '10' },
        ],
      })
    }
  })

  test('does not use up the bound of another tenant', async ({ parts: { producer } }) => {
    expect((await submitAtOnce(producer, 200, ['a', 'b', 'c'])).taken).toBe(30)
  })

  test('never has more than ten waiting jobs while a worker takes some, and every accepted job runs', async ({
    redis,
    prefix,
    parts: { producer, consume },
  }) => {
    let ran = 0
    consume(async () => {
      ran += 1
      return 'done'
    })
    let taken = 0
    for (let round = 0; round < 20; round += 1) {
      taken += (await submitAtOnce(producer, 30, ['a'])).taken
      expect((await producer.waitingSince(new Date(Date.now() + 60_000))).length).toBeLessThanOrEqual(10)
    }
    expect(taken).toBeGreaterThan(10)
    await eventually(() => expect(ran).toBe(taken))
    await eventually(async () => expect(await findLeftovers(redis, prefix)).toEqual([]))
  })
})

test('all tenants together never have more waiting jobs than the bound of the queue', async ({
  redisUrl,
  prefix,
  resources,
}) => {
  const bounds = { queued: 25, tenant: { queued: 100, running: 100 } }
  const { producer, command } = connectParts(redisUrl, prefix, resources, { bounds })
  await eventually(() => command.status === 'ready')
  const { taken, refusals } = await submitAtOnce(producer, 200, ['a', 'b', 'c', 'd'])
  expect(taken).toBe(25)
  expect(refusals.map(String)).toEqual(
    Array(175).fill(
      'RequestError: Cannot take this job: 25 jobs wait, and 25 may; try again when some of them have run',
    ),
  )
})

test('a refused job leaves nothing in Redis, and its commands are not run', async ({
  redis,
  prefix,
  redisKeys,
  parts: { producer },
}) => {
  await submitAtOnce(producer, 10, ['a'])
  const before = (await redis.keys(`${prefix}*`)).toSorted()
  const job = newJob('a')
  const commands = [['HSET', redisKeys.tenants, 'a', '{}']] as const
  await expect(
    producer.enqueue(job, { tenantBounds: TEN, commands, idempotency: { key: 'k', fingerprint: 'f' } }),
  ).rejects.toThrow('Cannot take this job: 10 jobs of yours wait, and 10 may; try again when some of them have run')
  expect((await redis.keys(`${prefix}*`)).toSorted()).toEqual(before)
})

describe('a place is free again when a job', () => {
  const ways: [
    way: string,
    run: (parts: ReturnType<typeof connectParts>, job: ReturnType<typeof newJob>) => unknown,
  ][] = [
    ['runs', ({ consume }) => consume(async () => 'done')],
    ['is put back and runs', ({ consume }) => consume(async ({ attempt }) => (attempt === 1 ? 'requeue' : 'done'))],
    ['is removed while it waits', ({ producer }, job) => producer.remove(job.id)],
    [
      'fails for good',
      ({ consume }) =>
        consume(async () => {
          throw new Error('our own fault')
        }),
    ],
  ]
  test.for(ways)('%s', async ([, run], { redis, prefix, parts }) => {
    const tenantBounds = { queued: 1, running: 1 }
    const job = newJob('a')
    await parts.producer.enqueue(job, { tenantBounds })
    await expect(parts.producer.enqueue(newJob('a'), { tenantBounds })).rejects.toThrow(
      '1 jobs of yours wait, and 1 may',
    )
    await run(parts, job)
    await eventually(async () => expect(await findLeftovers(redis, prefix)).toEqual([]), { withinMs: 10_000 })
    await parts.producer.enqueue(newJob('a'), { tenantBounds })
  })

  test('loses its worker', async ({ redis, redisUrl, prefix, parts: { producer, consume } }) => {
    const tenantBounds = { queued: 1, running: 1 }
    await using worker = startWorkerProcess(redisUrl, prefix)
    await producer.enqueue(newJob('a'), { tenantBounds })
    await worker.says('taken')
    await producer.enqueue(newJob('a'), { tenantBounds })
    worker.child.kill('SIGKILL')
    const seen: number[] = []
    consume(async ({ attempt }) => {
      seen.push(attempt)
      return 'done'
    })
    await eventually(() => expect(seen).toEqual([2, 1]), { withinMs: LOCK_MS * 5 })
    await eventually(async () => expect(await findLeftovers(redis, prefix)).toEqual([]))
  })
})

describe('a tenant whose bound is raised', () => {
  test('has its waiting jobs run in order, and the job that brought the new bound last', async ({ parts }) => {
    const { producer, consume } = parts
    const jobs = Array.from({ length: 9 }, () => newJob('a'))
    for (const job of jobs.slice(0, 8)) await producer.enqueue(job, { tenantBounds: { queued: null, running: 1 } })
    for (const job of jobs.slice(8)) await producer.enqueue(job, { tenantBounds: { queued: null, running: 10 } })
    expect(await Promise.all(jobs.map(async ({ id }) => (await producer.place(id))?.position))).toEqual([
      ...jobs.keys(),
    ])
    const order: string[] = []
    consume(
      async ({ job }) => {
        order.push(job.id)
        return 'done'
      },
      { concurrency: 1 },
    )
    await eventually(() => order.length === jobs.length)
    expect(order).toEqual(jobs.map(({ id }) => id))
  })
})

describe('a tenant that may run two jobs at once', () => {
  test('never runs three, even with many jobs and idle workers, and does not delay other tenants', async ({
    parts,
  }) => {
    const { producer, consume } = parts
    const running = new Map<string, number>()
    const most = new Map<string, number>()
    const order: string[] = []
    for (const _ of [1, 2]) {
      consume(
        async ({ job: { tenantId: tenant }, signal }) => {
          const now = (running.get(tenant) ?? 0) + 1
          running.set(tenant, now)
          most.set(tenant, Math.max(most.get(tenant) ?? 0, now))
          await new Promise((resolve) => setTimeout(resolve, 20))
          running.set(tenant, (running.get(tenant) ?? 0) - 1)
          order.push(tenant)
          return signal.aborted ? 'requeue' : 'done'
        },
        { concurrency: 8 },
      )
    }
    const tenantBounds = { queued: null, running: 2 }
    await Promise.all(Array.from({ length: 40 }, () => producer.enqueue(newJob('a'), { tenantBounds })))
    await Promise.all(Array.from({ length: 40 }, () => producer.enqueue(newJob('b'))))
    await eventually(() => order.length === 80, { withinMs: 10_000 })
    expect(most.get('a')).toBe(2)
    expect(most.get('b')).toBeGreaterThan(8)
    // Those of the other one have long ended.
    expect(order.slice(-20)).toEqual(Array(20).fill('a'))
  })
})
