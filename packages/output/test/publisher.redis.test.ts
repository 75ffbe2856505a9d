import { NO_KEPT_BOUNDS, redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { createPublisher, LogLostError } from '../src/publisher.ts'
import { connectParts, EXITED, idsOf, newJob, printed, RETENTION_MS, ready, text, USAGE } from './parts.ts'

const parts = test.extend('parts', async ({ redisUrl, prefix, resources }) => {
  const connected = connectParts(redisUrl, prefix, resources)
  await eventually(() => ready(connected.redis, connected.subscription))
  return connected
})

describe('a log', () => {
  parts('has its events in order, numbered without gaps', async ({ parts: { logWriter, publisher, subscriber } }) => {
    const job = newJob()
    await logWriter.start(job)
    const log = publisher.open(job.id, 1)
    expect(await log.start()).toBe('started')
    for (let line = 0; line < 200; line += 1) await log.write(line % 50 === 49 ? 'stderr' : 'stdout', text(`${line}\n`))
    expect(await log.finish(EXITED, USAGE)).toBe('finished')

    const events = await subscriber.read(job.id)
    expect(events.map(({ id }) => id)).toEqual(idsOf(1, events.length - 1))
    expect(events.map(({ type }) => type).slice(0, 2)).toEqual(['queued', 'started'])
    expect(events.at(-1)).toMatchObject({ type: 'finished', outcome: EXITED, usage: USAGE })
    const lines = events.flatMap((event) =>
      event.type === 'stdout' || event.type === 'stderr' ? event.data.trimEnd().split('\n') : [],
    )
    expect(lines.map(Number)).toEqual(Array.from({ length: 200 }, (_, line) => line))
  })

  parts('says whether the job has a terminal, and its size at each start', async ({ parts }) => {
    const { logWriter, publisher, subscriber } = parts
    const { program, ...rest } = newJob()
    const terminal = { cols: 132, rows: 43 }
    const job = { ...rest, program: { ...program, terminal } }
    await logWriter.start(job)
    expect(await subscriber.summary(job.id)).toMatchObject({ status: 'queued', tty: true })
    for (const attempt of [1, 2]) expect(await publisher.open(job.id, attempt).start(terminal)).toBe('started')
    const events = await subscriber.read(job.id)
    expect(events.map(({ jobId: _, at: __, ...event }) => event)).toMatchObject([
      { id: '0-1', type: 'queued', tty: true },
      { id: '1-1', type: 'started', ...terminal },
      { id: '2-1', type: 'restarted' },
      { id: '2-2', type: 'started', ...terminal },
    ])
  })

  parts('has ports in order with the output, and after `dropped` nothing but the end', async ({ parts }) => {
    const { logWriter, publisher, subscriber } = parts
    const job = newJob()
    await logWriter.start(job)
    const log = publisher.open(job.id, 1)
    await log.start()
    const change = { sandboxId: `sbx-${'0'.repeat(24)}`, port: 8000 }
    await log.write('stdout', text('before'))
    await Promise.all([log.port({ ...change, open: true }), log.write('stdout', text('meanwhile'))])
    await log.port({ ...change, open: false })
    await Promise.all([log.drop(), log.drop(), log.write('stdout', text('lost'))])
    await log.port({ ...change, open: true })
    const [end] = await Promise.all([log.finish(EXITED, null), log.port({ ...change, open: true })])
    expect(end).toBe('finished')

    const events = await subscriber.read(job.id)
    expect(events.map(({ id }) => id)).toEqual(idsOf(1, events.length - 1))
    const kinds = events.map((event) => (event.type === 'port' ? `port ${event.open}` : event.type))
    expect(kinds.filter((kind) => kind !== 'stdout')).toEqual([
      'queued',
      'started',
      'port true',
      'port false',
      'dropped',
      'finished',
    ])
    expect(kinds.indexOf('stdout')).toBeLessThan(kinds.indexOf('port true'))
    const output = events.map((event) => (event.type === 'stdout' ? event.data : '')).join('')
    expect(output).toMatch(/^beforemeanwhile(?:lost)?$/)
    expect(await subscriber.summary(job.id)).toMatchObject({ isDropped: true })
  })

  parts('has few events for output that comes in a burst', async ({ parts: { publisher, subscriber } }) => {
    const job = newJob()
    const log = publisher.open(job.id, 1)
    await log.start()
    for (let line = 0; line < 10_000; line += 1) await log.write('stdout', text('a line of output\n'))
    await log.finish(EXITED, null)
    expect((await subscriber.read(job.id)).length).toBeLessThan(60)
  })

  parts.for([1, 300, 4_096])(
    'keeps the order of a program that alternates between its streams every %i bytes, with a bounded rate of events',
    async (bytes, { parts }) => {
      const { publisher, subscriber } = parts
      const job = newJob()
      const log = publisher.open(job.id, 1)
      await log.start()
      const written = Array.from({ length: 2_000 }, (_, at) => ({
        type: at % 2 === 0 ? ('stdout' as const) : ('stderr' as const),
        data: `${at}`.padStart(bytes, '.'),
      }))
      const startedAt = performance.now()
      for (const { type, data } of written) await log.write(type, text(data))
      // A timer of 5 ms may fire up to a millisecond early.
      const flushes = Math.floor((performance.now() - startedAt) / 4) + 1
      const [waiting, perFlush] = [256, 16]
      expect(written.length).toBeLessThanOrEqual(waiting + perFlush * flushes)
      await log.finish(EXITED, null)
      const events = await subscriber.read(job.id)
      expect(events.flatMap((event) => ('data' in event ? [{ type: event.type, data: event.data }] : []))).toEqual(
        written,
      )
    },
  )

  parts('gets the first bytes at once, not after the pause', async ({ redis, parts, prefix, redisKeys }) => {
    const slow = createPublisher({
      redis: parts.redis,
      prefix,
      retentionMs: RETENTION_MS,
      flushMs: 60_000,
      keptBounds: NO_KEPT_BOUNDS,
    })
    const job = newJob()
    const log = slow.open(job.id, 1)
    await log.start()
    await log.write('stdout', text('now'))
    await eventually(async () => (await redis.xlen(redisKeys.events(job.id))) === 2)
    await log.write('stdout', text('later'))
    // The pause of a minute has not ended.
    expect(await redis.xlen(redisKeys.events(job.id))).toBe(2)
    await log.finish(EXITED, null)
  })

  parts('gets 64 KiB at once if they are of one stream, else after the pause', async ({ parts, prefix, redisKeys }) => {
    const { redis, subscriber } = parts
    const slow = createPublisher({
      redis,
      prefix,
      retentionMs: RETENTION_MS,
      flushMs: 60_000,
      keptBounds: NO_KEPT_BOUNDS,
    })
    const job = newJob()
    const log = slow.open(job.id, 1)
    const events = () => redis.xlen(redisKeys.events(job.id))
    await log.start()
    await log.write('stdout', text('now'))
    await eventually(async () => (await events()) === 2)
    await log.write('stdout', new Uint8Array(65_536))
    await eventually(async () => (await events()) === 3)
    for (let at = 0; at < 250; at += 1) await log.write(at % 2 === 0 ? 'stdout' : 'stderr', new Uint8Array(300))
    // The connection is the publisher's own, so this answer comes after those to all flushes.
    expect(await events()).toBe(3)
    await log.finish(EXITED, null)
    expect((await subscriber.read(job.id)).length).toBe(3 + 250 + 1)
  })

  parts('keeps bytes that are not UTF-8, and characters that came in pieces', async ({ parts }) => {
    const { publisher, subscriber } = parts
    const job = newJob()
    const log = publisher.open(job.id, 1)
    await log.start()
    for (const byte of text('é😀')) {
      await log.write('stdout', new Uint8Array([byte]))
      await eventually(() => true)
    }
    await log.write('stderr', new Uint8Array([0xff, 0x00]))
    await log.write('stdout', new Uint8Array([0xe2, 0x82]))
    await log.finish(EXITED, null)
    const output = (await subscriber.read(job.id)).flatMap((event) =>
      event.type === 'stdout' || event.type === 'stderr' ? [event] : [],
    )
    const utf8 = output.filter(({ encoding }) => encoding === 'utf8')
    expect(utf8.map(({ data }) => data).join('')).toBe('é😀')
    expect(output.filter(({ encoding }) => encoding === 'base64').map(({ type, data }) => [type, data])).toEqual([
      ['stderr', '/wA='],
      ['stdout', '4oI='],
    ])
  })

  parts(
    'expires only after it is finished, and then the messages to its job are removed',
    async ({ redis, parts, redisKeys }) => {
      const { logWriter, publisher } = parts
      const job = newJob()
      await logWriter.start(job)
      const messages = [redisKeys.control(job.id), redisKeys.stdin(job.id)]
      for (const key of messages) await redis.xadd(key, '*', 'm', '{}')
      const log = publisher.open(job.id, 1)
      await log.start()
      expect(await redis.pttl(redisKeys.events(job.id))).toBe(-1)
      expect(await redis.exists(...messages)).toBe(2)
      await log.finish(EXITED, null)
      const ttl = await redis.pttl(redisKeys.events(job.id))
      expect(ttl).toBeGreaterThan(RETENTION_MS - 5_000)
      expect(ttl).toBeLessThanOrEqual(RETENTION_MS)
      expect(await redis.exists(...messages)).toBe(0)
    },
  )
})

describe('a later attempt', () => {
  parts('writes that the job restarted, and the earlier worker can no longer write', async ({ parts }) => {
    const { logWriter, publisher, subscriber } = parts
    const job = newJob()
    await logWriter.start(job)
    const first = publisher.open(job.id, 1)
    await first.start()
    await first.write('stdout', text('from the first'))
    await eventually(async () => (await subscriber.read(job.id)).length === 3)

    const second = publisher.open(job.id, 2)
    expect(await second.start()).toBe('started')
    await first.write('stdout', text('too late'))
    await eventually(() => expect(first.write('stdout', text('again'))).rejects.toThrow(LogLostError))
    expect(await first.finish({ type: 'exited', exitCode: 1 }, null)).toBe('stale')
    await second.write('stdout', text('from the second'))
    expect(await second.finish(EXITED, null)).toBe('finished')

    const events = await subscriber.read(job.id)
    expect(events.map(({ id, type }) => `${id} ${type}`)).toEqual([
      '0-1 queued',
      '1-1 started',
      '1-2 stdout',
      '2-1 restarted',
      '2-2 started',
      '2-3 stdout',
      '2-4 finished',
    ])
    expect(events.at(-1)).toMatchObject({ outcome: EXITED })
  })

  parts('is stale if an even later one has started', async ({ parts: { publisher } }) => {
    const job = newJob()
    expect(await publisher.open(job.id, 3).start()).toBe('started')
    expect(await publisher.open(job.id, 2).start()).toBe('stale')
  })

  parts('of a finished job is refused as finished', async ({ parts: { publisher, subscriber } }) => {
    const job = newJob()
    const log = publisher.open(job.id, 1)
    await log.start()
    await log.finish(EXITED, null)
    const late = publisher.open(job.id, 2)
    expect(await late.start()).toBe('finished')
    await expect(late.write('stdout', text('x'))).rejects.toThrow(LogLostError)
    expect((await subscriber.read(job.id)).map(({ id, type }) => `${id} ${type}`)).toEqual([
      '1-1 started',
      '1-2 finished',
    ])
  })

  parts('can start twice if the first answer was lost', async ({ parts: { redis, publisher, subscriber } }) => {
    const job = newJob()
    const log = publisher.open(job.id, 1)
    // Redis runs the command, but the answer is lost with the connection: ioredis sends it again.
    const starting = log.start()
    redis.disconnect(true)
    expect(await starting).toBe('started')
    expect(await log.finish(EXITED, null)).toBe('finished')
    expect((await subscriber.read(job.id)).map(({ id }) => id)).toEqual(['1-1', '1-2'])
  })
})

describe('a connection that breaks again and again', () => {
  parts('neither loses output nor repeats it', async ({ parts: { redis, publisher, subscriber } }) => {
    const job = newJob()
    const log = publisher.open(job.id, 1)
    await log.start()
    const lines = Array.from({ length: 300 }, (_, line) => `${line}\n`)
    for (const [at, line] of lines.entries()) {
      await log.write('stdout', text(line))
      if (at % 50 === 25) redis.disconnect(true)
    }
    expect(await log.finish(EXITED, null)).toBe('finished')
    await eventually(() => redis.ping())
    const events = await subscriber.read(job.id)
    expect(events.map(({ id }) => id)).toEqual(idsOf(0, events.length))
    const entries = events.map((event) => ({ id: event.id, type: event.type, json: JSON.stringify(event) }))
    expect(printed(entries)).toBe(lines.join(''))
  })
})
