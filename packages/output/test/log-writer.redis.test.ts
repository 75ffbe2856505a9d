import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { connectParts, EXITED, newJob, ready, watch } from './parts.ts'

const parts = test.extend('parts', async ({ redisUrl, prefix, resources }) => {
  const connected = connectParts(redisUrl, prefix, resources)
  await eventually(() => ready(connected.redis, connected.subscription))
  return connected
})

describe('a queued job', () => {
  parts('starts its log with language, limits and time of submission', async ({ parts: { logWriter, subscriber } }) => {
    const job = newJob()
    await logWriter.start(job)
    const { language, interactive } = job.program
    expect(await subscriber.read(job.id)).toEqual([
      { jobId: job.id, id: '0-1', at: job.submittedAt, type: 'queued', language, interactive, limits: job.limits },
    ])
  })

  parts(
    'has the lines that are run in its log, if its code was a chat answer',
    async ({ parts: { logWriter, subscriber } }) => {
      const job = { ...newJob(), extracted: { firstLine: 3, lastLine: 9 } }
      await logWriter.start(job)
      expect(await subscriber.read(job.id)).toMatchObject([{ type: 'queued', extracted: job.extracted }])
      expect(await subscriber.summary(job.id)).toMatchObject({ status: 'queued', extracted: job.extracted })
    },
  )

  parts('can be canceled before it starts, and its followers get the event', async ({ parts }) => {
    const { logWriter, publisher, subscriber } = parts
    const job = newJob()
    await logWriter.start(job)
    const watching = watch(subscriber, job.id)
    await eventually(() => watching.entries.length === 1)
    expect(await logWriter.cancelQueued(job.id)).toBe(true)
    await watching.ended
    expect(JSON.parse(watching.entries[1]?.json ?? '')).toMatchObject({
      id: '0-2',
      type: 'finished',
      outcome: { type: 'canceled' },
      usage: null,
    })
    expect(await publisher.open(job.id, 1).start()).toBe('finished')
    expect(await logWriter.cancelQueued(job.id)).toBe(false)
  })

  parts('cannot be canceled in its log if it has started, has finished or does not exist', async ({ parts }) => {
    const { logWriter, publisher } = parts
    const job = newJob()
    expect(await logWriter.cancelQueued(job.id)).toBe(false)
    await logWriter.start(job)
    const log = publisher.open(job.id, 1)
    await log.start()
    expect(await logWriter.cancelQueued(job.id)).toBe(false)
    await log.finish(EXITED, null)
    expect(await logWriter.cancelQueued(job.id)).toBe(false)
  })

  parts('is either canceled or started, never both, also if both happen at the same time', async ({ parts }) => {
    const { logWriter, publisher } = parts
    for (let round = 0; round < 50; round += 1) {
      const job = newJob()
      await logWriter.start(job)
      const log = publisher.open(job.id, 1)
      const [isCanceled, started] = await Promise.all([logWriter.cancelQueued(job.id), log.start()])
      expect(started).toBe(isCanceled ? 'finished' : 'started')
      if (!isCanceled) await log.finish(EXITED, null)
    }
  })
})

describe('a job that no worker takes', () => {
  const failed = { type: 'finished', outcome: { type: 'sandbox-failed', reference: 'r1' }, usage: null }
  const eventsOf = async (subscriber: ReturnType<typeof connectParts>['subscriber'], jobId: string) =>
    (await subscriber.read(jobId)).slice(1)

  parts('can be ended before it starts', async ({ parts: { logWriter, publisher, subscriber } }) => {
    const job = newJob()
    expect(await logWriter.endUntaken(job.id, 0, { reference: 'r1' })).toBe(false)
    await logWriter.start(job)
    expect(await logWriter.endUntaken(job.id, 0, { reference: 'r1' })).toBe(true)
    expect(await eventsOf(subscriber, job.id)).toMatchObject([{ id: '0-2', ...failed }])
    expect(await logWriter.endUntaken(job.id, 0, { reference: 'r2' })).toBe(false)
    expect(await publisher.open(job.id, 1).start()).toBe('finished')
  })

  parts('can be ended after attempts that never ended, and later writes of these are refused', async ({ parts }) => {
    const { logWriter, publisher, subscriber } = parts
    const job = newJob()
    await logWriter.start(job)
    const frozen = publisher.open(job.id, 1)
    await frozen.start()
    // A worker took it twice, and the second time no program started.
    expect(await logWriter.endUntaken(job.id, 2, { reference: 'r1' })).toBe(true)
    expect(await frozen.finish(EXITED, null)).toBe('stale')
    expect(await publisher.open(job.id, 3).start()).toBe('finished')
    expect(await eventsOf(subscriber, job.id)).toMatchObject([
      { id: '1-1', type: 'started' },
      { id: '3-1', type: 'restarted' },
      { id: '3-2', ...failed },
    ])
  })

  parts(
    'is not ended if another worker has started it since, or if it has finished',
    async ({ parts: { logWriter, publisher } }) => {
      const job = newJob()
      await logWriter.start(job)
      const log = publisher.open(job.id, 2)
      await log.start()
      expect(await logWriter.endUntaken(job.id, 1, { reference: 'r1' })).toBe(false)
      expect(await log.finish(EXITED, null)).toBe('finished')
      expect(await logWriter.endUntaken(job.id, 2, { reference: 'r1' })).toBe(false)
    },
  )

  parts('is either ended or started, never both, also if both happen at the same time', async ({ parts }) => {
    const { logWriter, publisher } = parts
    for (let round = 0; round < 50; round += 1) {
      const job = newJob()
      await logWriter.start(job)
      await publisher.open(job.id, 1).start()
      const next = publisher.open(job.id, 2)
      const [isEnded, started] = await Promise.all([logWriter.endUntaken(job.id, 1, { reference: 'r1' }), next.start()])
      expect(started).toBe(isEnded ? 'finished' : 'started')
      if (!isEnded) await next.finish(EXITED, null)
    }
  })
})
