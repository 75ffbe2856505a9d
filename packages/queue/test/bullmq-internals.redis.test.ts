import { setTimeout as delay } from 'node:timers/promises'
import { createRedisKeys, type Redis } from '@runnel/redis'
import { redisTest } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { type Job, Queue, Worker } from 'bullmq'
import { describe, expect } from 'vitest'
import { countCrashes, isLastTry, JOB_FIELDS } from '../src/bullmq-internals/job-record.ts'
import { isLostLock } from '../src/bullmq-internals/lock.ts'
import { isLeft, leaveJob, requeueJob } from '../src/bullmq-internals/requeue-job.ts'
import { toStalledSettings } from '../src/bullmq-internals/stalled-check.ts'

// BullMQ alone, without our scripts. If a test fails here, an upgrade of BullMQ changed something: see the README of that folder.

const TOKEN = 'token'
const RETENTION = { age: 60 }

const connectBullMQ = (redis: Redis, prefix: string, resources: AsyncDisposableStack) => {
  const options = { connection: redis, prefix }
  const queue = resources.adopt(new Queue('jobs', options), (one) => one.close())
  const createWorker = (lockMs: number, handle: ((job: Job, token?: string) => Promise<unknown>) | null) => {
    const blocking = resources.adopt(redis.duplicate({ maxRetriesPerRequest: null }), (one) => one.disconnect())
    const settings = { ...options, connection: blocking, ...toStalledSettings(lockMs) }
    const worker = new Worker('jobs', handle, { ...settings, removeOnComplete: RETENTION, removeOnFail: RETENTION })
    worker.on('error', () => {})
    return resources.adopt(worker, (one) => one.close(true))
  }
  return {
    queue,
    createWorker,
    add: async (n: number, attempts = 1) => {
      const jobId = `job_${String(n).padStart(32, '0')}`
      await queue.add('tenant', { n }, { jobId, attempts, backoff: { type: 'exponential', delay: 200 } })
      return jobId
    },
  }
}

const test = redisTest.extend('bullmq', async ({ redisUrl, prefix, redis, resources }) => {
  void redisUrl
  return connectBullMQ(redis, prefix, resources)
})

const take = async (worker: Worker): Promise<Job> => {
  const job = await worker.getNextJob(TOKEN)
  if (job === undefined) throw new Error('There is no job to take')
  return job
}

describe('job-keys.ts', () => {
  test('BullMQ names its keys as packages/redis/src/key-table.ts does', async ({ prefix, bullmq: { queue } }) => {
    const keys = createRedisKeys(prefix)
    const names = {
      wait: keys.wait,
      active: keys.active,
      delayed: keys.delayed,
      completed: keys.completed,
      failed: keys.failed,
      marker: keys.marker,
      id: keys.jobNumber,
      stalled: keys.stalled,
      'stalled-check': keys.stalledCheck,
      meta: keys.queueMeta,
      events: keys.queueEvents,
      job_0: keys.queuedJob('job_0'),
    }
    for (const [name, key] of Object.entries(names)) {
      expect(queue.toKey(name), `BullMQ's key for ${name} is no longer ${key}`).toBe(key)
    }
  })
})

describe('job-record.ts', () => {
  test('a record has the fields that we read and write, and keeps ours', async ({ redis, redisKeys, bullmq }) => {
    const jobId = await bullmq.add(1)
    const added = await redis.hgetall(redisKeys.queuedJob(jobId))
    const { name, data, options, timestamp, delay: delayField, priority } = JOB_FIELDS
    expect(Object.keys(added).toSorted(), 'The record of a new job has other fields').toEqual(
      [name, data, options, timestamp, delayField, priority].toSorted(),
    )
    expect(added, 'The name, delay or priority of a new job is stored in another way').toMatchObject({
      [name]: 'tenant',
      [delayField]: '0',
      [priority]: '0',
    })
    await redis.hset(redisKeys.queuedJob(jobId), JOB_FIELDS.number, 7)

    const before = Date.now()
    const job = await take(bullmq.createWorker(10_000, null))
    await job.moveToCompleted(undefined, TOKEN, false)
    const ended = await redis.hgetall(redisKeys.queuedJob(jobId))
    expect(ended[JOB_FIELDS.attemptsStarted], 'A taken job is no longer counted in `ats`').toBe('1')
    for (const field of [JOB_FIELDS.processedOn, JOB_FIELDS.finishedOn]) {
      expect(Number(ended[field]), `The time in \`${field}\` is missing`).toBeGreaterThanOrEqual(before)
    }
    expect(ended[JOB_FIELDS.number], 'BullMQ has removed our own field from the record').toBe('7')
  })

  test('the last try is known before it ends', async ({ bullmq }) => {
    await bullmq.add(1, 2)
    const seen: boolean[] = []
    bullmq.createWorker(10_000, async (job) => {
      seen.push(isLastTry(job))
      throw new Error('a failure')
    })
    await eventually(() => expect(seen, '`attemptsMade` counts in another way').toEqual([false, true]))
  })
})

describe('ready-list.ts', () => {
  test('new jobs are added at the head of the list, workers take from its tail, and the marker wakes them', async ({
    redis,
    redisKeys,
    bullmq,
  }) => {
    const ids = [await bullmq.add(1), await bullmq.add(2)]
    expect(await redis.lrange(redisKeys.wait, 0, -1), 'New jobs no longer go in at the head').toEqual(ids.toReversed())
    expect(await redis.zrange(redisKeys.marker, '0', '-1', 'WITHSCORES'), 'The marker has changed').toEqual(['0', '0'])
    const job = await take(bullmq.createWorker(10_000, null))
    expect(job.id, 'Workers no longer take from the tail').toBe(ids[0])
    expect(await redis.lrange(redisKeys.active, 0, -1), 'A taken job is no longer in `active`').toEqual([ids[0]])
    await job.moveToCompleted(undefined, TOKEN, false)
  })

  test('an idle worker is woken by a marker and a job that we put there', async ({ redis, redisKeys, bullmq }) => {
    const jobId = await bullmq.add(1)
    await redis.del(redisKeys.wait, redisKeys.marker)
    const seen: unknown[] = []
    bullmq.createWorker(10_000, async ({ id }) => seen.push(id))
    await delay(300)
    await redis.multi().lpush(redisKeys.wait, jobId).zadd(redisKeys.marker, 0, '0').exec()
    await eventually(() => expect(seen, 'The marker no longer wakes an idle worker').toEqual([jobId]))
  })
})

describe('job-times.ts', () => {
  test('an ended job is in `completed`, with the time of its end', async ({ redis, redisKeys, bullmq }) => {
    const jobId = await bullmq.add(1)
    await (await take(bullmq.createWorker(10_000, null))).moveToCompleted(undefined, TOKEN, false)
    const [id, score] = await redis.zrange(redisKeys.completed, '0', '-1', 'WITHSCORES')
    const finishedOn = await redis.hget(redisKeys.queuedJob(jobId), JOB_FIELDS.finishedOn)
    expect([id, score], 'The score in `completed` is no longer the time of the end').toEqual([jobId, finishedOn])
  })

  test('a job that waits for its next try is in `delayed`', async ({ redis, redisKeys, bullmq }) => {
    const jobId = await bullmq.add(1, 2)
    await (await take(bullmq.createWorker(10_000, null))).moveToFailed(new Error('a failure'), TOKEN, false)
    expect(await redis.zrange(redisKeys.delayed, '0', '-1'), 'It is no longer in `delayed`').toEqual([jobId])
  })
})

describe('lock.ts', () => {
  test('the lock holds the token, and a lost lock gives an error that we know', async ({
    redis,
    redisKeys,
    bullmq,
  }) => {
    const jobId = await bullmq.add(1)
    const job = await take(bullmq.createWorker(10_000, null))
    const lock = redisKeys.jobLock(jobId)
    expect(await redis.get(lock), 'The lock no longer has the token').toBe(TOKEN)
    const end = () => job.moveToCompleted(undefined, TOKEN, false).catch((error: unknown) => error)
    const expectLost = async (what: string) => {
      const error = await end()
      const isKnown = error instanceof Error && isLostLock(error)
      expect(isKnown, `The error of ${what} has another code: ${String(error)}`).toBe(true)
    }
    await redis.set(lock, 'another', 'PX', 10_000)
    await expectLost('a lock that another one has')
    await redis.del(lock)
    await expectLost('a lock that is gone')
    await redis.set(lock, TOKEN, 'PX', 10_000)
    await redis.del(redisKeys.active)
    await expectLost('a job that is not active')
    await redis.del(redisKeys.queuedJob(jobId))
    await expectLost('a job that is gone')
    await redis.del(lock)
  })

  test('a lock that cannot be renewed is reported with a message that we know', async ({
    redis,
    redisKeys,
    bullmq,
  }) => {
    const jobId = await bullmq.add(1)
    const errors: Error[] = []
    const { promise: release, resolve } = Promise.withResolvers<void>()
    const worker = bullmq.createWorker(1_000, () => release)
    worker.on('error', (error) => errors.push(error))
    await eventually(async () => expect(await redis.exists(redisKeys.jobLock(jobId))).toBe(1))
    await redis.set(redisKeys.jobLock(jobId), 'another', 'PX', 3_000)
    await eventually(() => expect(errors.length, 'BullMQ no longer reports it').toBeGreaterThan(0))
    expect(errors.filter((error) => !isLostLock(error)).map(String), 'BullMQ reports it in other words').toEqual([])
    resolve()
  })
})

describe('stalled-check.ts', () => {
  test('a job whose lock expired is put back and counted, and never fails', async ({ redis, redisKeys, bullmq }) => {
    const LOCK_MS = 800
    const jobId = await bullmq.add(1)
    const taker = bullmq.createWorker(LOCK_MS, null)
    const checker = bullmq.createWorker(LOCK_MS, null)
    const crashes: number[] = []
    await checker.startStalledCheckTimer()
    for (let lost = 0; lost < 3; lost += 1) {
      crashes.push(countCrashes(await take(taker)))
      await redis.del(redisKeys.jobLock(jobId))
      await eventually(async () => expect(await redis.lrange(redisKeys.wait, 0, -1), 'Not put back').toEqual([jobId]), {
        withinMs: LOCK_MS * 4,
      })
    }
    expect(crashes, '`stalledCounter` counts in another way').toEqual([0, 1, 2])
  })
})

describe('requeue-job.ts', () => {
  test('a job that is put back is the next one taken, and its lock is released', async ({
    redis,
    redisKeys,
    bullmq,
  }) => {
    const [first, second] = [await bullmq.add(1), await bullmq.add(2)]
    const worker = bullmq.createWorker(10_000, null)
    const left = await requeueJob(await take(worker), TOKEN).catch((error: unknown) => error)
    expect(isLeft(left)).toBe(true)
    expect(await redis.lrange(redisKeys.wait, 0, -1), 'It is not at the tail').toEqual([second, first])
    expect(await redis.exists(redisKeys.jobLock(first)), 'It still has its lock').toBe(0)
  })

  test('a job that its handler leaves is neither ended nor tried again', async ({ redis, redisKeys, bullmq }) => {
    const jobId = await bullmq.add(1, 3)
    let runs = 0
    bullmq.createWorker(10_000, async () => {
      runs += 1
      leaveJob()
    })
    await eventually(() => runs === 1)
    await delay(500)
    expect(await redis.lrange(redisKeys.active, 0, -1), 'A job that was left is no longer active').toEqual([jobId])
    expect([runs, await redis.zcard(redisKeys.completed), await redis.zcard(redisKeys.failed)]).toEqual([1, 0, 0])
    await redis.del(redisKeys.jobLock(jobId))
  })
})
