import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '@runnel/testing'
import { Queue } from 'bullmq'
import { describe, expect } from 'vitest'
import { findLeftovers, newJob, RETENTION_MS } from './parts.ts'
import { queueTest as test } from './parts-fixture.ts'

/** How many ready jobs are taken first, whatever tenant has the next turn. */
const READY = 4

describe('tenants', () => {
  test('take turns, and the place of every job is its place in that order', async ({ redis, prefix, parts }) => {
    const { producer, consume } = parts
    const tenants = [...'aaaaaaa', ...'bbb', ...'c', ...'aa', ...'dddddd', ...'c', ...'b']
    const jobs = tenants.map((tenant) => newJob(tenant))
    for (const job of jobs) await producer.enqueue(job)
    const places = await Promise.all(jobs.map(async ({ id }) => (await producer.place(id))?.position))
    const order: string[] = []
    consume(
      async ({ job }) => {
        order.push(job.id)
        return 'done'
      },
      { concurrency: 1 },
    )
    await eventually(() => order.length === jobs.length)
    expect(jobs.map(({ id }) => order.indexOf(id))).toEqual(places)
    const played = order.map((id) => jobs.find((job) => job.id === id)?.tenantId).join('')
    expect(played).toBe('aaaaabcdabcdabdabdadd')
    await eventually(async () => expect(await findLeftovers(redis, prefix)).toEqual([]))
  })

  test('with a single job wait for a few jobs of a tenant with thousands', async ({ parts }) => {
    const { producer, consume } = parts
    const JOB_MS = 25
    const CONCURRENCY = 2
    await Promise.all(Array.from({ length: 2_000 }, () => producer.enqueue(newJob('many'))))
    const started: string[] = []
    consume(
      async ({ job: { tenantId: tenant } }) => {
        started.push(tenant)
        await delay(JOB_MS)
        return 'done'
      },
      { concurrency: CONCURRENCY },
    )
    await eventually(() => started.length >= 20)
    const waitedFor: number[] = []
    for (let round = 0; round < 5; round += 1) {
      const before = started.length
      await producer.enqueue(newJob('one'))
      await eventually(() => started.lastIndexOf('one') >= before, { everyMs: 2 })
      waitedFor.push(started.lastIndexOf('one') - before)
    }
    // Counted in jobs, so that a slow machine changes nothing: the ready ones, and those that became ready in the meantime.
    for (const jobs of waitedFor) expect(jobs).toBeLessThanOrEqual(READY + CONCURRENCY)
  })
})

describe('a job that is removed before its turn', () => {
  test('leaves no gap, and the others of its tenant move up', async ({ redis, prefix, parts }) => {
    const { producer, consume } = parts
    const jobs = Array.from({ length: 20 }, (_, n) => newJob(n % 2 === 0 ? 'a' : 'b'))
    for (const job of jobs) await producer.enqueue(job)
    const [gone, kept] = [jobs.slice(2, 12), [...jobs.slice(0, 2), ...jobs.slice(12)]]
    for (const { id } of gone) expect(await producer.remove(id)).toBe(true)
    for (const { id } of gone) expect(await producer.remove(id)).toBe(false)
    expect(await Promise.all(kept.map(async ({ id }) => (await producer.place(id))?.position))).toEqual([
      ...kept.keys(),
    ])
    const order: string[] = []
    consume(
      async ({ job }) => {
        order.push(job.id)
        return 'done'
      },
      { concurrency: 1 },
    )
    await eventually(() => order.length === kept.length)
    expect(order).toEqual(kept.map(({ id }) => id))
    await eventually(async () => expect(await findLeftovers(redis, prefix)).toEqual([]))
  })
})

describe('an idle worker', () => {
  test('fills all its slots from one burst', async ({ parts: { producer, consume } }) => {
    let running = 0
    const { promise: release, resolve } = Promise.withResolvers<void>()
    const consumer = consume(
      async () => {
        running += 1
        await release
        return 'done'
      },
      { concurrency: 50 },
    )
    await Promise.all(Array.from({ length: 60 }, () => producer.enqueue(newJob())))
    await eventually(() => expect(running).toBe(50))
    resolve()
    await eventually(() => running === 60)
    await consumer.stop(1_000)
  })
})

describe('work that a dead process left undone', () => {
  test('is done by any worker: a turn that was not taken, a place that was not freed', async ({
    redis,
    prefix,
    parts: { producer, consume },
    redisKeys,
  }) => {
    const tenantBounds = { queued: null, running: 4 }
    const jobs = Array.from({ length: 8 }, () => newJob('a'))
    for (const job of jobs) await producer.enqueue(job, { tenantBounds })
    // As if the job had ended long ago, and the process that should update the rotation had died.
    const gone = jobs[0]?.id ?? ''
    await redis.lrem(redisKeys.wait, 1, gone)
    await redis.del(redisKeys.queuedJob(gone), redisKeys.rotation)
    for (const id of await redis.lrange(redisKeys.wait, 0, -1)) expect(await producer.remove(id)).toBe(true)
    await redis.del(redisKeys.rotation)
    const ran: string[] = []
    consume(async ({ job }) => {
      ran.push(job.id)
      return 'done'
    })
    const left = jobs.slice(4).map(({ id }) => id)
    await eventually(() => expect(ran.toSorted()).toEqual(left.toSorted()), { withinMs: 10_000 })
    await eventually(async () => expect(await findLeftovers(redis, prefix)).toEqual([]), { withinMs: 10_000 })
    await eventually(async () => expect(await redis.exists(redisKeys.bounds)).toBe(0), { withinMs: 10_000 })
  })
})

describe('the estimate', () => {
  test('is computed from how long the latest jobs took and how many run', async ({ parts: { producer, consume } }) => {
    const JOB_MS = 100
    const jobs = Array.from({ length: 16 }, () => newJob())
    for (const job of jobs) await producer.enqueue(job)
    const last = jobs.at(-1)?.id ?? ''
    expect(await producer.place(last)).toEqual({ position: 15 })
    let ended = 0
    consume(
      async () => {
        await delay(JOB_MS)
        ended += 1
        return 'done'
      },
      { concurrency: 2 },
    )
    const { place, waitedMs } = await eventually(async () => {
      expect(ended).toBeGreaterThanOrEqual(4)
      const place = await producer.place(last)
      const askedAt = performance.now()
      expect(place?.estimatedWaitMs).toBeGreaterThan(0)
      await eventually(async () => (await producer.place(last)) === undefined)
      return { place, waitedMs: performance.now() - askedAt }
    })
    expect(place?.estimatedWaitMs).toBeGreaterThan(waitedMs / 2)
    expect(place?.estimatedWaitMs).toBeLessThan(waitedMs * 2 + JOB_MS)
  })

  test('of a tenant that runs as many jobs as it may is computed from its own jobs', async ({
    parts: { producer, consume },
  }) => {
    const tenantBounds = { queued: null, running: 1 }
    const jobs = Array.from({ length: 10 }, () => newJob('a'))
    for (const job of jobs) await producer.enqueue(job, { tenantBounds })
    let ended = 0
    consume(async ({ job }) => {
      await delay(job.tenantId === 'a' ? 50 : 5_000)
      ended += 1
      return 'done'
    })
    for (const _ of [1, 2]) await producer.enqueue(newJob('b'))
    const place = await eventually(async () => {
      expect(ended).toBeGreaterThan(1)
      return producer.place(jobs.at(-1)?.id ?? '')
    })
    // Three jobs run, but only one of this tenant: its jobs run one after another.
    expect(place?.estimatedWaitMs).toBeGreaterThan(50 * (place?.position ?? 0))
  })
})

describe('a job in Redis', () => {
  test('is the same as if BullMQ had written it', async ({ redis, prefix, parts: { producer }, redisKeys }) => {
    const job = newJob()
    await producer.enqueue(job)
    const ours = await redis.hgetall(redisKeys.queuedJob(job.id))
    const listed = await redis.lrange(redisKeys.wait, 0, -1)
    const marked = await redis.zrange(redisKeys.marker, '0', '-1', 'WITHSCORES')
    await producer.remove(job.id)
    await redis.del(redisKeys.marker)

    await using queue = Object.assign(new Queue('jobs', { connection: redis, prefix }), {
      [Symbol.asyncDispose]: () => queue.close(),
    })
    await queue.add(job.tenantId, job, { jobId: job.id, attempts: 3, backoff: { type: 'exponential', delay: 1_000 } })
    const theirs = await redis.hgetall(redisKeys.queuedJob(job.id))
    const toComparable = ({ timestamp, opts = '', data = '', ...rest }: Record<string, string>) => ({
      ...rest,
      timestamp: timestamp?.length,
      opts: JSON.parse(opts),
      data: JSON.parse(data),
    })
    expect(toComparable(ours)).toEqual(toComparable(theirs))
    expect(await redis.lrange(redisKeys.wait, 0, -1)).toEqual(listed)
    expect(await redis.zrange(redisKeys.marker, '0', '-1', 'WITHSCORES')).toEqual(marked)
  })
})

describe('a submission with a key', () => {
  const idempotency = { key: 'a key: of the caller', fingerprint: 'one' }

  test('makes one job, also if many are sent at the same time', async ({ redis, parts: { producer }, redisKeys }) => {
    const jobs = Array.from({ length: 50 }, () => newJob('a'))
    const ids = await Promise.all(jobs.map((job) => producer.enqueue(job, { idempotency })))
    expect(new Set(ids).size).toBe(1)
    const found = await Promise.all(jobs.map(({ id }) => producer.find(id)))
    expect(found.filter((job) => job !== undefined).map(({ id }) => id)).toEqual([ids[0]])
    expect(await producer.enqueue(newJob('b'), { idempotency })).not.toBe(ids[0])
    const records = await redis.keys(redisKeys.submission('*', '*'))
    expect(records).toHaveLength(2)
    for (const key of records) {
      const leftMs = await redis.pttl(key)
      expect(leftMs).toBeGreaterThan(RETENTION_MS - 30_000)
      expect(leftMs).toBeLessThanOrEqual(RETENTION_MS)
    }
  })

  test('is refused if the key was used for another submission', async ({ parts: { producer } }) => {
    await producer.enqueue(newJob(), { idempotency })
    const other = newJob()
    const refusal = await producer
      .enqueue(other, { idempotency: { ...idempotency, fingerprint: 'two' } })
      .catch((error) => error)
    expect(refusal).toMatchObject({ code: 'idempotency-key-reused', status: 422 })
    expect(await producer.find(other.id)).toBeUndefined()
  })

  test('that fails half way leaves nothing', async ({ redis, redisKeys, parts: { producer } }) => {
    await redis.hset(redisKeys.tenants, 'a', '{}')
    const job = newJob()
    const commands = [['LPUSH', redisKeys.tenants, 1]] as const
    await expect(producer.enqueue(job, { idempotency, commands })).rejects.toThrow('WRONGTYPE')
    expect(await producer.find(job.id)).toBeUndefined()
    const again = newJob()
    expect(await producer.enqueue(again, { idempotency })).toBe(again.id)
  })

  test('whose answer was lost finds its job, even if the queue is full by then', async ({ parts: { producer } }) => {
    const tenantBounds = { queued: 1, running: null }
    const job = newJob()
    await producer.enqueue(job, { idempotency, tenantBounds })
    expect(await producer.enqueue(job, { idempotency, tenantBounds })).toBe(job.id)
    expect(await producer.enqueue(newJob(), { idempotency, tenantBounds })).toBe(job.id)
  })
})
