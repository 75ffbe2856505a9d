import { setTimeout as delay } from 'node:timers/promises'
import type { Control } from '@runnel/contract/internal'
import { PROGRAM, RequestError } from '@runnel/contract/public'
import { createRedisKeys, type Redis } from '@runnel/redis'
import { eventually, startRedis, uniquePrefix } from '@runnel/testing'
import { describe, expect } from 'vitest'
import type { Producer } from '../src/producer.ts'
import { aborted, connectParts, newJob } from './parts.ts'
import { queueTest as test } from './parts-fixture.ts'

const input = (data: string): Control => ({ type: 'stdin', encoding: 'utf8', data })

const PIECE_BYTES = 64 * 1024
const PIECES = PROGRAM.stdinTotalBytes / PIECE_BYTES
const toName = (count: number): string => `${count}`.padStart(4, '0')

/** Sends a job as much input as it may get, in named pieces. */
const fill = async (producer: Producer, jobId: string): Promise<void> => {
  for (let count = 0; count < PIECES; count += 1) {
    await producer.send(jobId, input(toName(count).padEnd(PIECE_BYTES, 'x')))
  }
}

const countReads = async (redis: Redis): Promise<number> =>
  Number(/cmdstat_xrange:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0)

describe('messages to a job', () => {
  test('arrive in order from the first one, also those sent before it started', async ({ parts }) => {
    const { producer, consume } = parts
    const job = newJob()
    const sent: Control[] = [input('a'), input('b'), { type: 'signal', signal: 'SIGINT' }, { type: 'stdin-end' }]
    await producer.enqueue(job)
    for (const message of sent.slice(0, 2)) await producer.send(job.id, message)
    const seen: Control[] = []
    consume(async ({ controls }) => {
      for await (const control of controls) {
        seen.push(control)
        if (control.type === 'stdin-end') break
      }
      return 'done'
    })
    await eventually(() => seen.length === 2)
    for (const message of sent.slice(2)) await producer.send(job.id, message)
    await eventually(() => seen.length === 4)
    // A signal may overtake input that waits; the rest is in order.
    expect(seen.filter(({ type }) => type !== 'signal')).toEqual(sent.filter(({ type }) => type !== 'signal'))
    expect(seen).toContainEqual({ type: 'signal', signal: 'SIGINT' })
  })

  test('are read again by the next attempt', async ({ parts: { producer, consume } }) => {
    const job = newJob()
    await producer.send(job.id, input('a'))
    await producer.enqueue(job)
    const seen: string[] = []
    consume(async ({ controls, attempt }) => {
      for await (const control of controls) {
        seen.push(`${attempt} ${control.type}`)
        break
      }
      return attempt === 1 ? 'requeue' : 'done'
    })
    await eventually(() => seen.length === 2)
    expect(seen).toEqual(['1 stdin', '2 stdin'])
  })

  test('arrive within milliseconds', async ({ parts: { producer, consume } }) => {
    const job = newJob()
    let received = 0
    consume(async ({ controls }) => {
      for await (const control of controls) {
        received += 1
        if (control.type === 'stdin-end') break
      }
      return 'done'
    })
    await producer.enqueue(job)
    await producer.send(job.id, input('first'))
    await eventually(() => received === 1)
    const before = performance.now()
    for (let count = 2; count <= 10; count += 1) {
      await producer.send(job.id, input('x'))
      await eventually(() => received === count, { everyMs: 1 })
    }
    expect(performance.now() - before).toBeLessThan(500)
    await producer.send(job.id, { type: 'stdin-end' })
  })

  test('arrive even if every hint is lost', async ({ redis, redisKeys, parts: { producer, consume } }) => {
    const job = newJob()
    let reason: unknown
    const seen: Control[] = []
    consume(async ({ controls, signal }) => {
      for await (const control of controls) seen.push(control)
      reason = signal.reason
      return 'done'
    })
    await producer.enqueue(job)
    await eventually(async () => (await producer.place(job.id)) === undefined)
    const add = async (kind: 'stdin' | 'control', message: Control) => {
      const key = redisKeys[kind](job.id)
      await redis.multi().xadd(key, '*', 'm', JSON.stringify(message)).pexpire(key, 60_000).exec()
    }
    await add('stdin', input('a'))
    await eventually(() => seen.length === 1, { withinMs: 3_000 })
    await add('control', { type: 'cancel' })
    await eventually(() => reason === 'canceled', { withinMs: 3_000 })
  })

  test('that cannot be read are skipped and logged', async ({ redis, parts, redisKeys }) => {
    const { producer, consume, lines } = parts
    const job = newJob()
    await redis.xadd(redisKeys.stdin(job.id), '0-1', 'm', 'nonsense')
    await producer.send(job.id, input('a'))
    await producer.enqueue(job)
    const seen: Control[] = []
    consume(async ({ controls }) => {
      for await (const control of controls) {
        seen.push(control)
        break
      }
      return 'done'
    })
    await eventually(() => seen.length === 1)
    expect(seen).toEqual([input('a')])
    expect(lines.map(({ msg }) => msg)).toEqual(['Skipped a message to a job: it cannot be read'])
  })

  test('wait in Redis until they are taken, up to the bound, and each is read once', async () => {
    // A Redis of its own, because the test counts its calls.
    await using server = await startRedis()
    await using resources = new AsyncDisposableStack()
    const prefix = uniquePrefix()
    const { producer, consume, command } = connectParts(server.url, prefix, resources)
    await eventually(() => command.status === 'ready')
    const job = newJob()
    await fill(producer, job.id)
    await producer.send(job.id, { type: 'stdin-end' })
    await producer.enqueue(job)
    const { promise: release, resolve } = Promise.withResolvers<void>()
    const seen: string[] = []
    let isOver = false
    consume(async ({ controls }) => {
      await release
      for await (const control of controls) {
        if (control.type === 'stdin') seen.push(control.data.slice(0, 4))
        if (control.type === 'stdin-end') break
      }
      isOver = true
      return 'done'
    })
    await eventually(async () => (await producer.place(job.id)) === undefined)
    const before = await countReads(command)
    resolve()
    await eventually(() => isOver)
    expect(seen).toEqual(Array.from({ length: PIECES }, (_, count) => toName(count)))
    // Four messages per read; a hint or a sweep adds a few reads.
    expect((await countReads(command)) - before).toBeLessThan(PIECES / 4 + 10)
    expect(await command.xlen(createRedisKeys(prefix).stdin(job.id))).toBe(PIECES + 1)
  })

  test('are refused and not kept beyond the bound, but the end of input and a cancel still arrive', async ({
    redis,
    parts: { producer },
    redisKeys,
  }) => {
    const job = newJob()
    await fill(producer, job.id)
    const refusal = await producer.send(job.id, input('one more')).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(RequestError)
    expect(refusal).toMatchObject({ code: 'stdin-full', status: 413, message: expect.stringContaining('8388608') })
    expect(await redis.xlen(redisKeys.stdin(job.id))).toBe(PIECES)
    // Also if it is sent twice.
    for (let count = 0; count < 3; count += 1) await producer.send(job.id, { type: 'stdin-end' })
    expect(await redis.xlen(redisKeys.stdin(job.id))).toBe(PIECES + 1)
    await producer.send(job.id, { type: 'cancel' })
    expect(await redis.xlen(redisKeys.control(job.id))).toBe(1)
  })

  test('count for at least 64 bytes each, also if many are sent at the same time', async ({
    redis,
    parts: { producer },
    redisKeys,
  }) => {
    const job = newJob()
    await producer.send(job.id, input('x'.repeat(PROGRAM.stdinTotalBytes - 64 * 10)))
    const sends = await Promise.allSettled(Array.from({ length: 30 }, () => producer.send(job.id, input('x'))))
    expect(sends.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    expect(await redis.xlen(redisKeys.stdin(job.id))).toBe(11)
  })
})

describe('a cancel', () => {
  test('stops a running job at once', async ({ parts: { producer, consume } }) => {
    const job = newJob()
    const { promise, resolve } = Promise.withResolvers<unknown>()
    let isRunning = false
    consume(async ({ signal }) => {
      isRunning = true
      resolve(await aborted(signal))
      return 'done'
    })
    await producer.enqueue(job)
    await eventually(() => isRunning)
    await producer.send(job.id, { type: 'cancel' })
    expect(await promise).toBe('canceled')
  })

  test('is seen at once, even behind as much unread input as a job may get', async ({
    parts: { producer, consume },
  }) => {
    const job = newJob()
    await fill(producer, job.id)
    const { promise: taken, resolve: take } = Promise.withResolvers<void>()
    const { promise, resolve } = Promise.withResolvers<unknown>()
    consume(async ({ controls, signal }) => {
      // Like a program that reads one piece and no more.
      await controls[Symbol.asyncIterator]().next()
      take()
      resolve(await aborted(signal))
      return 'done'
    })
    await producer.enqueue(job)
    await taken
    const before = performance.now()
    await producer.send(job.id, { type: 'cancel' })
    expect(await promise).toBe('canceled')
    expect(performance.now() - before).toBeLessThan(500)
  })

  test('sent before the job started is seen by the worker that takes it', async ({ parts: { producer, consume } }) => {
    const job = newJob()
    await producer.send(job.id, { type: 'cancel' })
    const { promise, resolve } = Promise.withResolvers<unknown>()
    consume(async ({ signal }) => {
      resolve(await aborted(signal))
      return 'done'
    })
    await producer.enqueue(job)
    expect(await Promise.race([promise, delay(500)])).toBe('canceled')
  })

  test('is never missed, even if it comes just before or after the start', async ({ parts: { producer, consume } }) => {
    const canceled: string[] = []
    consume(async ({ job, signal }) => {
      await aborted(signal)
      canceled.push(job.id)
      return 'done'
    })
    for (let round = 0; round < 25; round += 1) {
      const job = newJob()
      await Promise.all([producer.enqueue(job), producer.send(job.id, { type: 'cancel' })])
      await eventually(() => canceled.includes(job.id), { withinMs: 3_000, everyMs: 2 })
    }
  })
})
