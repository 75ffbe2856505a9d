import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { toFields } from '../src/log-entry.ts'
import { connectParts, EXITED, newJob, ready, text } from './parts.ts'

const KIB = 1024

const parts = test.extend('parts', async ({ redisUrl, prefix, resources }) => {
  const connected = connectParts(redisUrl, prefix, resources)
  await eventually(() => ready(connected.redis, connected.subscription))
  return connected
})

const decode = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

describe('What a job printed', () => {
  parts('is read whole if it fits, over many pages', async ({ parts: { redis, subscriber }, redisKeys }) => {
    const { id } = newJob()
    const adding = redis.pipeline()
    for (let n = 1; n <= 2_000; n += 1) {
      const type = n % 3 === 0 ? 'stderr' : 'stdout'
      const event = { jobId: id, id: `1-${n}`, at: new Date().toISOString(), type, encoding: 'utf8', data: `${n} ` }
      adding.xadd(redisKeys.events(id), event.id, ...toFields({ id: event.id, type, json: JSON.stringify(event) }))
    }
    adding.pexpire(redisKeys.events(id), 60_000)
    await adding.exec()
    const { stdout, stderr, truncated } = await subscriber.output(id, { attempt: 1, maxBytes: 64 * KIB })
    const numbers = Array.from({ length: 2_000 }, (_, at) => at + 1)
    const join = (kept: readonly number[]): string => kept.map((n) => `${n} `).join('')
    expect(decode(stdout)).toBe(join(numbers.filter((n) => n % 3 !== 0)))
    expect(decode(stderr)).toBe(join(numbers.filter((n) => n % 3 === 0)))
    expect(truncated).toBe(false)
  })

  parts('ends at the bound, between characters', async ({ parts: { publisher, subscriber } }) => {
    const { id } = newJob()
    const log = publisher.open(id, 1)
    await log.start()
    await log.write('stdout', text('€'.repeat(100)))
    await log.write('stderr', text('e'.repeat(100)))
    await log.finish(EXITED, null)
    const read = async (maxBytes: number) => {
      const { stdout, stderr, truncated } = await subscriber.output(id, { attempt: 1, maxBytes })
      return [decode(stdout), decode(stderr), truncated]
    }
    expect(await read(50)).toEqual(['€'.repeat(16), 'e'.repeat(50), true])
    expect(await read(100)).toEqual(['€'.repeat(33), 'e'.repeat(100), true])
    expect(await read(300)).toEqual(['€'.repeat(100), 'e'.repeat(100), false])
  })

  parts(
    'includes the end of one stream after a flood on the other, without the flood',
    async ({ redis, parts, redisKeys }) => {
      const { publisher, subscriber } = parts
      const { id } = newJob()
      const log = publisher.open(id, 1)
      await log.start()
      const flood = new Uint8Array(64 * KIB).fill(1)
      for (let part = 0; part < 128; part += 1) await log.write('stdout', flood)
      await log.write('stderr', text('Traceback'))
      await log.finish(EXITED, null)
      const memory = Number(await redis.memory('USAGE', redisKeys.events(id)))
      expect(memory).toBeGreaterThan(40 * KIB * KIB)

      const receivedBefore = parts.redis.stream.bytesRead
      const { stdout, stderr, truncated } = await subscriber.output(id, { attempt: 1, maxBytes: 1_000 })
      expect([stdout.length, decode(stderr), truncated]).toEqual([1_000, 'Traceback', true])
      expect(parts.redis.stream.bytesRead - receivedBefore).toBeLessThan(8 * KIB * KIB)
    },
  )

  parts('is empty if the job never started', async ({ parts: { subscriber } }) => {
    const { stdout, stderr, truncated } = await subscriber.output(newJob().id, { attempt: 0, maxBytes: 10 })
    expect([stdout.length, stderr.length, truncated]).toEqual([0, 0, false])
  })
})
