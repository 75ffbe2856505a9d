import type { JobEventType } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { toEntry, toFields, toMessage } from '../src/log-entry.ts'
import { JobNotFoundError, type LogEntry } from '../src/subscriber.ts'
import { connectParts, EXITED, idsOf, newJob, printed, ready, text, USAGE, watch } from './parts.ts'

const parts = test.extend('parts', async ({ redisUrl, prefix, resources }) => {
  const connected = connectParts(redisUrl, prefix, resources)
  await eventually(() => ready(connected.redis, connected.subscription))
  return connected
})

describe('following a job', () => {
  parts('gives early, late, resuming and slow watchers the same events', async ({ parts }) => {
    const { logWriter, publisher, subscriber } = parts
    const job = newJob()
    await logWriter.start(job)
    const early = watch(subscriber, job.id)
    const dropping = watch(subscriber, job.id)

    const slowEntries: LogEntry[] = []
    const followSlowly = async (): Promise<void> => {
      for await (const entry of subscriber.follow(job.id, { signal: AbortSignal.timeout(20_000) })) {
        slowEntries.push(entry)
        if (slowEntries.length % 40 !== 0) continue
        await eventually(() => expect(early.entries.length).toBeGreaterThan(slowEntries.length + 100), {
          withinMs: 300,
        }).catch(() => {})
      }
    }
    const slow = followSlowly()

    const log = publisher.open(job.id, 1)
    await log.start()
    let late: ReturnType<typeof watch> | undefined
    let resumed: ReturnType<typeof watch> | undefined
    for (let line = 0; line < 600; line += 1) {
      // Two streams in turn make every line its own event, if a flush has at most sixteen.
      await log.write(line % 2 === 0 ? 'stdout' : 'stderr', text(`${line}\n`))
      if (line % 16 === 15) await eventually(() => early.entries.length >= line + 3)
      if (line === 200) late = watch(subscriber, job.id)
      if (line === 300) {
        await eventually(() => dropping.entries.length > 10)
        await dropping.leave()
        resumed = watch(subscriber, job.id, dropping.ids().at(-1))
      }
    }
    await log.finish(EXITED, USAGE)
    await Promise.all([early.ended, late?.ended, resumed?.ended, slow])

    const expected = early.entries.map(({ json }) => json)
    expect(early.ids()).toEqual(idsOf(1, expected.length - 1))
    expect(early.entries.length).toBeGreaterThan(600)
    expect(late?.entries.map(({ json }) => json)).toEqual(expected)
    expect(slowEntries.map(({ json }) => json)).toEqual(expected)
    expect([...dropping.entries, ...(resumed?.entries ?? [])].map(({ json }) => json)).toEqual(expected)
  })

  parts('delivers an event as soon as it is written', async ({ parts: { logWriter, publisher, subscriber } }) => {
    const job = newJob()
    await logWriter.start(job)
    const watching = watch(subscriber, job.id)
    const log = publisher.open(job.id, 1)
    await log.start()
    await eventually(() => watching.entries.length === 2)
    const delays: number[] = []
    for (let line = 0; line < 20; line += 1) {
      const before = performance.now()
      await log.write('stdout', text(`${line}\n`))
      await eventually(() => watching.entries.length === line + 3, { everyMs: 1 })
      delays.push(performance.now() - before)
    }
    await log.finish(EXITED, null)
    await watching.ended
    expect(delays.toSorted((a, b) => a - b)[10]).toBeLessThan(50)
  })

  parts('ends at once for a finished job, resumed at its end or beyond', async ({ parts }) => {
    const { logWriter, publisher, subscriber } = parts
    const job = newJob()
    await logWriter.start(job)
    const log = publisher.open(job.id, 1)
    await log.start()
    await log.finish(EXITED, null)
    for (const after of ['1-2', '1-3', '9-9']) {
      const watching = watch(subscriber, job.id, after)
      await watching.ended
      expect(watching.ids()).toEqual([])
    }
    const fromTheMiddle = watch(subscriber, job.id, '0-1')
    await fromTheMiddle.ended
    expect(fromTheMiddle.ids()).toEqual(['1-1', '1-2'])
  })

  parts('of a running job from after its last event ends when the job does', async ({ parts }) => {
    const { logWriter, publisher, subscriber } = parts
    const job = newJob()
    await logWriter.start(job)
    const log = publisher.open(job.id, 1)
    await log.start()
    const watching = watch(subscriber, job.id, '5-5')
    await log.finish(EXITED, null)
    await watching.ended
    expect(watching.ids()).toEqual([])
  })

  parts('of a newer version works, with its unknown fields', async ({ parts, redisKeys }) => {
    const { redis, logWriter, publisher, subscriber } = parts
    const job = { ...newJob(), limits: { ...newJob().limits, gpuBytes: 1 } }
    await logWriter.start(job)
    const log = publisher.open(job.id, 1)
    await log.start()
    const at = new Date().toISOString()
    const outcome = { ...EXITED, core: 'dumped' }
    const usage = { ...USAGE, joules: 3 }
    const finished = { jobId: job.id, id: '1-2', at, type: 'finished', outcome, usage, host: 'a' }
    await redis.xadd(
      redisKeys.events(job.id),
      '1-2',
      ...toFields({ id: '1-2', type: 'finished', json: JSON.stringify(finished) }),
    )
    await redis.pexpire(redisKeys.events(job.id), 60_000)
    const watching = watch(subscriber, job.id)
    await watching.ended
    expect(watching.ids()).toEqual(['0-1', '1-1', '1-2'])
    expect(await subscriber.summary(job.id)).toMatchObject({ status: 'finished', outcome: EXITED, usage: USAGE })
  })

  parts('refuses an unknown job', async ({ parts: { subscriber } }) => {
    await expect(watch(subscriber, newJob().id).ended).rejects.toThrow(JobNotFoundError)
    await expect(watch(subscriber, newJob().id, '1-1').ended).rejects.toThrow(JobNotFoundError)
  })

  parts('continues after a restart of the job', async ({ parts: { logWriter, publisher, subscriber } }) => {
    const job = newJob()
    await logWriter.start(job)
    const watching = watch(subscriber, job.id)
    const first = publisher.open(job.id, 1)
    await first.start()
    await first.write('stdout', text('one'))
    await eventually(() => watching.entries.length === 3)
    const second = publisher.open(job.id, 2)
    await second.start()
    await second.write('stdout', text('two'))
    await second.finish(EXITED, null)
    await watching.ended
    expect(watching.entries.map(({ id, type }) => `${id} ${type}`)).toEqual([
      '0-1 queued',
      '1-1 started',
      '1-2 stdout',
      '2-1 restarted',
      '2-2 started',
      '2-3 stdout',
      '2-4 finished',
    ])
  })

  parts('finds events in the log whose messages were lost', async ({ redis, parts, redisKeys }) => {
    const { logWriter, subscriber } = parts
    const job = newJob()
    await logWriter.start(job)
    const watching = watch(subscriber, job.id)
    await eventually(() => watching.entries.length === 1)
    const key = redisKeys.events(job.id)
    const silently = (id: string, type: JobEventType, rest = '') =>
      redis.xadd(
        key,
        id,
        ...toFields({
          id,
          type,
          json: `{"jobId":"${job.id}","id":"${id}","at":"2026-01-01T00:00:00.000Z","type":"${type}"${rest}}`,
        }),
      )
    await silently('1-1', 'started')
    await eventually(() => watching.entries.length === 2, { withinMs: 2_000 })
    await silently('1-2', 'stdout', ',"encoding":"utf8","data":"a"')
    // A later entry is published and the one before was not: the follower sees the gap and reads it.
    const third = toEntry(
      { jobId: job.id, position: { attempt: 1, n: 3 }, at: new Date().toISOString() },
      { type: 'finished', outcome: EXITED, usage: null },
    )
    const adding = redis.multi().xadd(key, third.id, ...toFields(third))
    await adding.publish(key, toMessage(third)).pexpire(key, 1_000).exec()
    await watching.ended
    expect(watching.ids()).toEqual(['0-1', '1-1', '1-2', '1-3'])
  })

  parts(
    'delivers the end of an attempt whose last messages were lost, before the next attempt',
    async ({ redis, parts: { logWriter, publisher, subscriber }, redisKeys }) => {
      const job = newJob()
      await logWriter.start(job)
      const watching = watch(subscriber, job.id)
      await publisher.open(job.id, 1).start()
      await eventually(() => watching.entries.length === 2)
      const lost = `{"jobId":"${job.id}","id":"1-2","at":"2026-01-01T00:00:00.000Z","type":"stdout","encoding":"utf8","data":"a"}`
      await redis.xadd(redisKeys.events(job.id), '1-2', ...toFields({ id: '1-2', type: 'stdout', json: lost }))
      const second = publisher.open(job.id, 2)
      await second.start()
      await second.finish(EXITED, null)
      await watching.ended
      expect(watching.ids()).toEqual(['0-1', '1-1', '1-2', '2-1', '2-2', '2-3'])
    },
  )

  parts('reads the log at once when the subscription is back', async ({ redis, parts, redisKeys }) => {
    const { logWriter, subscriber, subscription } = parts
    const job = newJob()
    await logWriter.start(job)
    const watching = watch(subscriber, job.id)
    await eventually(() => watching.entries.length === 1)
    const missed = `{"jobId":"${job.id}","id":"1-1","at":"2026-01-01T00:00:00.000Z","type":"started"}`
    subscription.disconnect(true)
    await redis.xadd(redisKeys.events(job.id), '1-1', ...toFields({ id: '1-1', type: 'started', json: missed }))
    await eventually(() => watching.entries.length === 2, { withinMs: 500 })
    await watching.leave()
  })

  parts('ignores messages that are not events', async ({ redis, parts, redisKeys }) => {
    const { logWriter, publisher, subscriber } = parts
    const job = newJob()
    await logWriter.start(job)
    const watching = watch(subscriber, job.id)
    await eventually(() => watching.entries.length === 1)
    for (const message of ['', 'null', '1-1 started', '1-1 exploded {}'])
      await redis.publish(redisKeys.events(job.id), message)
    const log = publisher.open(job.id, 1)
    await log.start()
    await log.finish(EXITED, null)
    await watching.ended
    expect(watching.ids()).toEqual(['0-1', '1-1', '1-2'])
  })

  parts('leaves no subscription behind, in whatever way a watcher ends', async ({ redis, prefix, parts }) => {
    const { logWriter, subscriber } = parts
    const job = newJob()
    await logWriter.start(job)
    const channels = () => redis.pubsub('CHANNELS', `${prefix}*`)
    const one = watch(subscriber, job.id)
    const two = watch(subscriber, job.id)
    await eventually(() => one.entries.length === 1 && two.entries.length === 1)
    expect(await channels()).toHaveLength(1)
    await one.leave()
    expect(await channels()).toHaveLength(1)
    await two.leave()
    await eventually(async () => (await channels()).length === 0)
    const breakOff = async (): Promise<void> => {
      for await (const _ of subscriber.follow(job.id, { signal: AbortSignal.timeout(5_000) })) {
        throw new Error('The watcher broke')
      }
    }
    await expect(breakOff()).rejects.toThrow('The watcher broke')
    await eventually(async () => (await channels()).length === 0)
    for await (const _ of subscriber.follow(job.id, { signal: AbortSignal.timeout(5_000) })) break
    await eventually(async () => (await channels()).length === 0)
    // A follower that is never iterated does not subscribe.
    subscriber.follow(job.id, { signal: AbortSignal.timeout(5_000) })
    expect(await channels()).toEqual([])
  })

  parts(
    'holds a bounded number of events for a watcher that does not read, and lets it catch up later',
    async ({ parts }) => {
      const { logWriter, publisher, subscriber } = parts
      const job = newJob()
      await logWriter.start(job)
      const entries: LogEntry[] = []
      const { promise: reading, resolve: read } = Promise.withResolvers<void>()
      const follow = async (): Promise<void> => {
        for await (const entry of subscriber.follow(job.id, { signal: AbortSignal.timeout(20_000) })) {
          entries.push(entry)
          await reading
        }
      }
      const following = follow()
      await eventually(() => entries.length === 1)
      const log = publisher.open(job.id, 1)
      await log.start()
      for (let block = 0; block < 100; block += 1)
        await log.write('stdout', new Uint8Array(50_000).fill(97 + (block % 26)))
      await log.finish(EXITED, null)
      expect(entries).toHaveLength(1)
      read()
      await following
      expect(entries.map(({ id }) => id)).toEqual(idsOf(1, entries.length - 1))
      expect(printed(entries)).toHaveLength(5_000_000)
    },
  )
})

describe('many watchers of one job', () => {
  parts('get the same entry objects, and one that fails or is behind does not delay the others', async ({ parts }) => {
    const { logWriter, publisher, subscriber } = parts
    const job = newJob()
    await logWriter.start(job)
    const watchers = Array.from({ length: 100 }, () => watch(subscriber, job.id))
    const gone = new AbortController()
    const { promise: stuckUntil, resolve: free } = Promise.withResolvers<void>()
    let taken = 0
    const stickFast = async (): Promise<void> => {
      for await (const _ of subscriber.follow(job.id, { signal: gone.signal })) {
        taken += 1
        await stuckUntil
      }
    }
    const breakOff = async (): Promise<void> => {
      for await (const { type } of subscriber.follow(job.id, { signal: gone.signal })) {
        if (type === 'stdout') throw new Error('The watcher broke')
      }
    }
    const stuck = stickFast()
    const breaking = breakOff()
    await eventually(() => watchers.every(({ entries }) => entries.length === 1))
    const log = publisher.open(job.id, 1)
    await log.start()
    const broken = expect(breaking).rejects.toThrow('The watcher broke')
    for (let line = 0; line < 50; line += 1) {
      await log.write('stdout', text(`${line}\n`))
      await eventually(() => watchers.every(({ entries }) => entries.length === line + 3), { everyMs: 1 })
    }
    await log.finish(EXITED, null)
    await Promise.all(watchers.map(({ ended }) => ended))
    const [first, ...others] = watchers.map(({ entries }) => entries)
    expect(first?.map(({ id }) => id)).toEqual(idsOf(1, 52))
    // All of them got the last entry in the same way: one object, parsed from one message.
    for (const other of others) expect(other.at(-1)).toBe(first?.at(-1))
    await broken
    gone.abort()
    free()
    await stuck
    expect(taken).toBe(1)
  })
})

describe('a job that is expected', () => {
  parts('is followed from its first event', async ({ parts: { logWriter, publisher, subscriber } }) => {
    const job = newJob()
    const expected = subscriber.expect(job.id)
    await logWriter.start(job)
    const entries: LogEntry[] = []
    const follow = async (): Promise<void> => {
      for await (const entry of expected.follow({ signal: AbortSignal.timeout(5_000) })) entries.push(entry)
    }
    const ended = follow()
    const log = publisher.open(job.id, 1)
    await log.start()
    await log.write('stdout', text('1'))
    await log.finish(EXITED, null)
    await ended
    expect(entries.map(({ id }) => id)).toEqual(idsOf(1, 3))
  })

  parts('is not read from its log if every message came', async ({ redis, parts: { subscriber }, redisKeys }) => {
    const { id: jobId } = newJob()
    const expected = subscriber.expect(jobId)
    const channel = redisKeys.events(jobId)
    await eventually(async () => expect((await redis.pubsub('NUMSUB', channel))[1]).toBe(1))
    // There is no log, so the events can only come from messages.
    for (const [id, type] of [
      ['0-1', 'queued'],
      ['1-1', 'started'],
      ['1-2', 'finished'],
    ] as const) {
      const json = `{"jobId":"${jobId}","id":"${id}","at":"2026-01-01T00:00:00.000Z","type":"${type}"}`
      await redis.publish(channel, toMessage({ id, type, json }))
    }
    const ids: string[] = []
    for await (const { id } of expected.follow({ signal: AbortSignal.timeout(5_000) })) ids.push(id)
    expect(ids).toEqual(['0-1', '1-1', '1-2'])
  })

  parts('is read from its log if messages were lost', async ({ redis, parts: { subscriber }, redisKeys }) => {
    for (const published of [[], ['1-2'], ['1-1', '1-2'], ['0-1', '1-2']]) {
      const { id: jobId } = newJob()
      const expected = subscriber.expect(jobId)
      const key = redisKeys.events(jobId)
      const ids: string[] = []
      const follow = async (): Promise<void> => {
        for await (const { id } of expected.follow({ signal: AbortSignal.timeout(5_000) })) ids.push(id)
      }
      const ended = follow()
      for (const [id, type] of [
        ['0-1', 'queued'],
        ['1-1', 'started'],
        ['1-2', 'finished'],
      ] as const) {
        const json = `{"jobId":"${jobId}","id":"${id}","at":"2026-01-01T00:00:00.000Z","type":"${type}"}`
        await redis.xadd(key, id, ...toFields({ id, type, json }))
        if (published.includes(id)) await redis.publish(key, toMessage({ id, type, json }))
      }
      await redis.pexpire(key, 10_000)
      await ended
      expect(ids).toEqual(['0-1', '1-1', '1-2'])
    }
  })

  parts('leaves no subscription behind if it is never submitted', async ({ redis, prefix, parts: { subscriber } }) => {
    const channels = () => redis.pubsub('CHANNELS', `${prefix}*`)
    const expected = subscriber.expect(newJob().id)
    await eventually(async () => expect(await channels()).toHaveLength(1))
    expected[Symbol.dispose]()
    await eventually(async () => expect(await channels()).toEqual([]))
  })
})

describe('the summary', () => {
  parts('has the status at every step, without the output', async ({ parts }) => {
    const { logWriter, publisher, subscriber } = parts
    const job = newJob()
    expect(await subscriber.summary(job.id)).toBeUndefined()
    await logWriter.start(job)
    const queued = {
      status: 'queued',
      language: 'python',
      limits: job.limits,
      interactive: false,
      tty: false,
      isDropped: false,
      submittedAt: job.submittedAt,
      attempt: 0,
    }
    expect(await subscriber.summary(job.id)).toEqual(queued)
    const first = publisher.open(job.id, 1)
    await first.start()
    await first.write('stdout', text('"type":"finished"'))
    await eventually(async () => (await subscriber.read(job.id)).length === 3)
    const timeOf = async (id: string) => (await subscriber.read(job.id)).find((event) => event.id === id)?.at
    expect(await subscriber.summary(job.id)).toEqual({
      ...queued,
      status: 'running',
      attempt: 1,
      startedAt: await timeOf('1-1'),
    })
    const second = publisher.open(job.id, 2)
    await second.start()
    await second.finish(EXITED, USAGE)
    expect(await subscriber.summary(job.id)).toEqual({
      ...queued,
      status: 'finished',
      attempt: 2,
      startedAt: await timeOf('2-2'),
      finishedAt: await timeOf('2-3'),
      outcome: EXITED,
      usage: USAGE,
    })
  })

  parts('of a job canceled in the queue has no start', async ({ parts: { logWriter, subscriber } }) => {
    const job = newJob()
    await logWriter.start(job)
    await logWriter.cancelQueued(job.id)
    expect(await subscriber.summary(job.id)).toMatchObject({
      status: 'finished',
      attempt: 0,
      outcome: { type: 'canceled' },
      usage: null,
    })
    expect((await subscriber.summary(job.id))?.startedAt).toBeUndefined()
  })
})
