import { setTimeout as delay } from 'node:timers/promises'
import { createRedisKeys } from '@runnel/redis'
import { eventually, startRedis, uniquePrefix } from '@runnel/testing'
import { describe, expect } from 'vitest'
import type { Delivery } from '../src/consumer.ts'
import { aborted, connectParts, LOCK_MS, newJob } from './parts.ts'
import { queueTest as test } from './parts-fixture.ts'
import { startWorkerProcess } from './worker-process.ts'

describe('a worker that is killed', () => {
  test('loses its job to another worker soon after its lock expired', async ({ redisUrl, prefix, parts }) => {
    const { producer, consume } = parts
    await using worker = startWorkerProcess(redisUrl, prefix)
    await producer.enqueue(newJob())
    await worker.says('taken')
    worker.child.kill('SIGKILL')
    const killedAt = performance.now()
    const { promise, resolve } = Promise.withResolvers<Delivery>()
    consume(async (delivery) => {
      resolve(delivery)
      return 'done'
    })
    expect(await promise).toMatchObject({ attempt: 2, crashes: 1, lastTry: false })
    expect(performance.now() - killedAt).toBeLessThan(LOCK_MS * 2)
  })
})

describe('a worker that was frozen for longer than its lock', () => {
  test('gets `lease-lost` for its job, which another worker has run by then', async ({ redisUrl, prefix, parts }) => {
    const { producer, consume } = parts
    await using worker = startWorkerProcess(redisUrl, prefix)
    await producer.enqueue(newJob())
    await worker.says('taken')
    worker.child.kill('SIGSTOP')
    const { promise, resolve } = Promise.withResolvers<Delivery>()
    consume(async (delivery) => {
      resolve(delivery)
      return 'done'
    })
    expect(await promise).toMatchObject({ attempt: 2 })
    worker.child.kill('SIGCONT')
    await worker.says('lease-lost')
  })
})

describe('a worker whose lock another worker has', () => {
  test('gets `lease-lost` when it renews, before its own lease is over', async ({ redis, redisKeys, parts }) => {
    const { producer, consume } = parts
    const job = newJob()
    const lockMs = 6_000
    let reason: unknown
    consume(
      async ({ signal }) => {
        reason = await aborted(signal)
        return 'done'
      },
      { lockMs },
    )
    await producer.enqueue(job)
    const lock = redisKeys.jobLock(job.id)
    await eventually(async () => (await redis.exists(lock)) === 1)
    await redis.set(lock, 'another', 'PX', lockMs)
    await eventually(() => reason === 'lease-lost', { withinMs: lockMs * 0.75 })
    await redis.del(lock)
  })
})

describe('a Redis that is away', () => {
  test('for longer than the lock ends the running attempt, and the next attempt runs alone', async () => {
    await using server = await startRedis()
    await using resources = new AsyncDisposableStack()
    const { producer, command, consume, lines } = connectParts(server.url, uniquePrefix(), resources)
    await eventually(() => command.status === 'ready')
    let running = 0
    let together = 0
    const seen: string[] = []
    consume(async ({ signal, attempt }) => {
      running += 1
      together = Math.max(together, running)
      const reason = attempt === 1 ? await aborted(signal) : undefined
      running -= 1
      seen.push(`${attempt} ${reason ?? 'done'}`)
      return 'done'
    })
    await producer.enqueue(newJob())
    await eventually(() => running === 1)
    await server.kill()
    // Its lock expires while Redis cannot be asked.
    await eventually(() => seen.length === 1, { withinMs: LOCK_MS * 2 })
    await server.start()
    await eventually(() => seen.length === 2, { withinMs: 15_000 })
    expect(seen).toEqual(['1 lease-lost', '2 done'])
    expect(together).toBe(1)
    // One line for away and one for back for each connection, one for the lost job, and none for each retry.
    expect(lines.map(({ msg }) => msg).toSorted()).toEqual([
      'Lost a job: its lock was not renewed in time',
      'Redis is away: the connection was closed',
      'Redis is away: the connection was closed',
      'Redis is back',
      'Redis is back',
    ])
  })

  test('until a worker gives up, while its lock still holds, does not end the job', async () => {
    await using server = await startRedis()
    await using resources = new AsyncDisposableStack()
    const prefix = uniquePrefix()
    const { producer, command, consume } = connectParts(server.url, prefix, resources)
    await eventually(() => command.status === 'ready')
    const seen: string[] = []
    consume(async ({ signal, attempt, job }) => {
      if (attempt === 1) await command.pexpire(createRedisKeys(prefix).jobLock(job.id), LOCK_MS * 4)
      const reason = attempt === 1 ? await aborted(signal) : 'done'
      seen.push(`${attempt} ${reason}`)
      return 'done'
    })
    const job = newJob()
    await producer.enqueue(job)
    const lock = createRedisKeys(prefix).jobLock(job.id)
    await eventually(async () => (await command.pttl(lock)) > LOCK_MS * 3)
    await server.pause()
    await eventually(() => seen.length === 1, { withinMs: LOCK_MS * 2 })
    await server.unpause()
    await eventually(() => seen.length === 2, { withinMs: LOCK_MS * 8 })
    expect(seen).toEqual(['1 lease-lost', '2 done'])
  })

  test('for a moment changes nothing: the job continues, and new ones are taken at once', async () => {
    await using server = await startRedis()
    await using resources = new AsyncDisposableStack()
    const { producer, command, consume } = connectParts(server.url, uniquePrefix(), resources)
    await eventually(() => command.status === 'ready')
    const { promise: release, resolve } = Promise.withResolvers<void>()
    const seen: string[] = []
    consume(
      async ({ attempt, job, signal }) => {
        if (attempt === 1 && job.id === first.id) await release
        seen.push(`${attempt} ${signal.aborted}`)
        return 'done'
      },
      { lockMs: 20_000 },
    )
    const first = newJob()
    await producer.enqueue(first)
    await eventually(async () => (await producer.place(first.id)) === undefined)
    await server.kill()
    await delay(500)
    await server.start()
    await eventually(() => producer.enqueue(newJob()).then(() => true))
    await eventually(() => seen.length === 1, { withinMs: 5_000 })
    resolve()
    await eventually(() => seen.length === 2)
    expect(seen).toEqual(['1 false', '1 false'])
  })
})
