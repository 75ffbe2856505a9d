import { setTimeout as delay } from 'node:timers/promises'
import type { Control } from '@runnel/contract'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { aborted, newJob } from './parts.ts'
import { queueTest as test } from './parts-fixture.ts'

const input = (data: string): Control => ({ type: 'stdin', encoding: 'utf8', data })

describe('messages to a job', () => {
  test('reach it from the first one ever sent, in order, also those sent before it began', async ({ parts }) => {
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
    expect(seen).toEqual(sent)
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
      return attempt === 1 ? 'give-back' : 'done'
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

  test('arrive although every hint was lost', async ({ redis, prefix, parts: { producer, consume } }) => {
    const job = newJob()
    let reason: unknown
    const seen: Control[] = []
    consume(async ({ controls, signal }) => {
      for await (const control of controls) seen.push(control)
      reason = signal.reason
      return 'done'
    })
    await producer.enqueue(job)
    await eventually(async () => (await producer.position(job.id)) === undefined)
    const key = `${prefix}:control:${job.id}`
    await redis
      .multi()
      .xadd(key, '*', 'm', JSON.stringify(input('a')))
      .pexpire(key, 60_000)
      .exec()
    await eventually(() => seen.length === 1, { withinMs: 3_000 })
    await redis.xadd(key, '*', 'm', '{"type":"cancel"}')
    await eventually(() => reason === 'canceled', { withinMs: 3_000 })
  })

  test('that cannot be read are skipped and logged', async ({ redis, prefix, parts }) => {
    const { producer, consume, lines } = parts
    const job = newJob()
    const key = `${prefix}:control:${job.id}`
    await redis.xadd(key, '*', 'm', 'nonsense')
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
    expect(lines.map(({ msg }) => msg)).toContain('Skipped a message to a job: it cannot be read')
  })

  test('wait in Redis when a program does not read, none is lost, and a cancel behind them is seen at once', async ({
    parts: { producer, consume },
  }) => {
    const job = newJob()
    const block = 'x'.repeat(100_000)
    for (let count = 0; count < 30; count += 1) await producer.send(job.id, input(`${count} ${block}`))
    await producer.enqueue(job)
    const seen: string[] = []
    const { promise: release, resolve } = Promise.withResolvers<void>()
    let reason: unknown
    consume(async ({ controls, signal }) => {
      await release
      for await (const control of controls) {
        if (control.type === 'stdin') seen.push(control.data.split(' ')[0] ?? '')
        if (seen.length === 30) break
      }
      reason = await aborted(signal)
      return 'done'
    })
    await eventually(async () => (await producer.position(job.id)) === undefined)
    resolve()
    await eventually(() => seen.length === 30)
    expect(seen).toEqual(Array.from({ length: 30 }, (_, count) => `${count}`))
    for (let count = 0; count < 30; count += 1) await producer.send(job.id, input(block))
    await producer.send(job.id, { type: 'cancel' })
    await eventually(() => reason === 'canceled')
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

  test('sent before the job began is seen by the worker that takes it', async ({ parts: { producer, consume } }) => {
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

  test('never misses, however close to the start it comes', async ({ parts: { producer, consume } }) => {
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
