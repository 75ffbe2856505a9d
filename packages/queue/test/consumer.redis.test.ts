import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import type { Delivery } from '../src/consumer.ts'
import { aborted, newJob } from './parts.ts'
import { queueTest as test } from './parts-fixture.ts'

describe('two consumers', () => {
  test('share a hundred jobs and run each exactly once', async ({ redis, parts: { producer, consume }, redisKeys }) => {
    const runs: { worker: number; id: string }[] = []
    const work = (worker: number) => async (delivery: Delivery) => {
      runs.push({ worker, id: delivery.job.id })
      await delay(5)
      return 'done' as const
    }
    consume(work(1))
    consume(work(2))
    const jobs = Array.from({ length: 100 }, newJob)
    await Promise.all(jobs.map((job) => producer.enqueue(job)))
    await eventually(async () => expect(await redis.zcard(redisKeys.completed)).toBe(100), { withinMs: 15_000 })
    expect(runs.map(({ id }) => id).toSorted()).toEqual(jobs.map(({ id }) => id).toSorted())
    for (const worker of [1, 2]) expect(runs.filter((run) => run.worker === worker).length).toBeGreaterThan(10)
  })
})

describe('a job', () => {
  test('arrives as it was enqueued, on its first attempt', async ({ parts: { producer, consume } }) => {
    const job = newJob()
    const { promise, resolve } = Promise.withResolvers<Delivery>()
    consume(async (delivery) => {
      resolve(delivery)
      return 'done'
    })
    await producer.enqueue(job)
    const delivery = await promise
    expect(delivery.job).toEqual(job)
    expect(delivery).toMatchObject({ attempt: 1, crashes: 0, lastTry: false })
    expect(delivery.signal.aborted).toBe(false)
  })

  test('from a newer version runs, and its unknown fields are ignored', async ({ parts }) => {
    const { producer, consume, lines } = parts
    const job = newJob()
    const [file] = job.program.files
    const program = {
      ...job.program,
      files: [{ path: '', content: '', encoding: 'utf8' as const, ...file, mode: 7 }],
      shell: 'zsh',
    }
    const newer = { ...job, program, limits: { ...job.limits, gpuBytes: 1 }, region: 'eu' }
    const { promise, resolve } = Promise.withResolvers<Delivery>()
    consume(async (delivery) => {
      resolve(delivery)
      return 'done'
    })
    await producer.enqueue(newer)
    expect((await promise).job).toEqual(job)
    expect(lines).toEqual([])
  })

  test('that is put back is the next one taken, with a higher attempt', async ({ parts }) => {
    const { producer, consume } = parts
    const jobs = [newJob(), newJob()]
    for (const job of jobs) await producer.enqueue(job)
    const seen: string[] = []
    consume(
      async ({ job, attempt, crashes, lastTry }) => {
        seen.push(`${jobs.findIndex(({ id }) => id === job.id)} attempt ${attempt} ${crashes} ${lastTry}`)
        return job.id === jobs[0]?.id && attempt < 5 ? 'requeue' : 'done'
      },
      { concurrency: 1 },
    )
    await eventually(() => seen.length === 6)
    expect(seen).toEqual([...[1, 2, 3, 4, 5].map((n) => `0 attempt ${n} 0 false`), '1 attempt 1 0 false'])
  })

  test('whose handler throws is tried again a limited number of times, and each error is logged once', async ({
    redis,
    redisKeys,
    parts: { producer, consume, lines },
  }) => {
    const seen: { attempt: number; lastTry: boolean }[] = []
    consume(async ({ attempt, lastTry }) => {
      seen.push({ attempt, lastTry })
      throw new Error('our own fault')
    })
    await producer.enqueue(newJob())
    await eventually(async () => expect(await redis.zcard(redisKeys.failed)).toBe(1), { withinMs: 10_000 })
    expect(seen).toEqual([
      { attempt: 1, lastTry: false },
      { attempt: 2, lastTry: false },
      { attempt: 3, lastTry: true },
    ])
    const faults = lines.filter(({ level }) => level >= 50)
    expect(faults.map(({ msg, err }) => [msg, err?.message])).toEqual(
      Array(3).fill(['A job could not be handled', 'our own fault']),
    )
  })

  test('that cannot be read fails and is logged, and does not delay the next one', async ({
    redis,
    parts,
    redisKeys,
  }) => {
    const { producer, consume, lines } = parts
    const [bad, good] = [newJob(), newJob()]
    await producer.enqueue(bad)
    await redis.hset(redisKeys.queuedJob(bad.id), 'data', '{"id":1}')
    await producer.enqueue(good)
    const seen: string[] = []
    consume(async ({ job }) => {
      seen.push(job.id)
      return 'done'
    })
    await eventually(() => seen.length === 1)
    expect(seen).toEqual([good.id])
    await eventually(() => lines.some(({ err }) => err?.message.startsWith('Cannot read the queued job')))
  })
})

describe('a paused consumer', () => {
  test('takes no job until it resumes, while another consumer does', async ({
    redis,
    prefix,
    parts: { producer, consume },
    redisKeys,
  }) => {
    const seen: string[] = []
    const paused = consume(async () => {
      seen.push('paused')
      return 'done'
    })
    await producer.enqueue(newJob())
    await eventually(() => seen.length === 1)
    seen.length = 0
    // By now it waits (flag b) inside Redis for the next job, and Redis does not know about the pause.
    await eventually(async () => {
      const clients = String(await redis.client('LIST')).split('\n')
      return clients.some((client) => client.includes(prefix) && / flags=\S*b.* cmd=bzpopmin/.test(client))
    })
    await paused.pause()
    const job = newJob()
    await producer.enqueue(job)
    await eventually(async () => expect(await redis.hget(redisKeys.queuedJob(job.id), 'ats')).not.toBeNull())
    await eventually(async () => (await producer.place(job.id))?.position === 0)
    const other = consume(async () => {
      seen.push('other')
      return 'done'
    })
    await eventually(() => seen.length === 1)
    expect(seen).toEqual(['other'])
    await other.stop(0)
    await producer.enqueue(newJob())
    paused.resume()
    await eventually(() => seen.length === 2, { withinMs: 10_000 })
    expect(seen).toEqual(['other', 'paused'])
  })
})

describe('a consumer that stops', () => {
  test('lets running jobs finish within the grace and takes no new job', async ({ redis, redisKeys, parts }) => {
    const { producer, consume } = parts
    const [first, second] = [newJob(), newJob()]
    const { promise: release, resolve } = Promise.withResolvers<void>()
    const seen: string[] = []
    const consumer = consume(
      async ({ job, signal }) => {
        seen.push(job.id)
        await release
        expect(signal.aborted).toBe(false)
        return 'done'
      },
      { concurrency: 1 },
    )
    await producer.enqueue(first)
    await eventually(() => seen.length === 1)
    await producer.enqueue(second)
    const stopped = consumer.stop(10_000)
    resolve()
    await stopped
    expect(seen).toEqual([first.id])
    expect(await redis.zcard(redisKeys.completed)).toBe(1)
    expect(await producer.place(second.id)).toMatchObject({ position: 0 })
  })

  test('puts back a job that does not finish in time, and another consumer takes it at once', async ({ parts }) => {
    const { producer, consume } = parts
    const job = newJob()
    const reasons: unknown[] = []
    const started = Promise.withResolvers<void>()
    const first = consume(async ({ signal }) => {
      started.resolve()
      reasons.push(await aborted(signal))
      return 'requeue'
    })
    await producer.enqueue(job)
    await started.promise
    const again = Promise.withResolvers<Delivery>()
    await first.stop(50)
    consume(async (delivery) => {
      again.resolve(delivery)
      return 'done'
    })
    expect(await again.promise).toMatchObject({ attempt: 2, crashes: 0 })
    expect(reasons).toEqual(['shutdown'])
  })
})
