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
  parts('begins its log with what it is', async ({ parts: { intake, subscriber } }) => {
    const job = newJob()
    await intake.queued(job)
    const { language, interactive } = job.program
    expect(await subscriber.read(job.id)).toEqual([
      { jobId: job.id, id: '0-1', at: job.submittedAt, type: 'queued', language, interactive, limits: job.limits },
    ])
  })

  parts('can be canceled before it begins, and its watchers are told', async ({ parts }) => {
    const { intake, publisher, subscriber } = parts
    const job = newJob()
    await intake.queued(job)
    const watching = watch(subscriber, job.id)
    await eventually(() => watching.entries.length === 1)
    expect(await intake.cancelQueued(job.id)).toBe(true)
    await watching.ended
    expect(JSON.parse(watching.entries[1]?.json ?? '')).toMatchObject({
      id: '0-2',
      type: 'finished',
      outcome: { type: 'canceled' },
      usage: null,
    })
    expect(await publisher.open(job.id, 1).begin()).toBe('finished')
    expect(await intake.cancelQueued(job.id)).toBe(false)
  })

  parts('cannot be canceled here once it has begun or finished, or when there is none', async ({ parts }) => {
    const { intake, publisher } = parts
    const job = newJob()
    expect(await intake.cancelQueued(job.id)).toBe(false)
    await intake.queued(job)
    const log = publisher.open(job.id, 1)
    await log.begin()
    expect(await intake.cancelQueued(job.id)).toBe(false)
    await log.finish(EXITED, null)
    expect(await intake.cancelQueued(job.id)).toBe(false)
  })

  parts('is either canceled or begun, never both, however close they come', async ({ parts }) => {
    const { intake, publisher } = parts
    for (let round = 0; round < 50; round += 1) {
      const job = newJob()
      await intake.queued(job)
      const log = publisher.open(job.id, 1)
      const [isCanceled, begun] = await Promise.all([intake.cancelQueued(job.id), log.begin()])
      expect(begun).toBe(isCanceled ? 'finished' : 'begun')
      if (!isCanceled) await log.finish(EXITED, null)
    }
  })
})

describe('a job that no worker takes', () => {
  const failed = { type: 'finished', outcome: { type: 'sandbox-failed', reference: 'r1' }, usage: null }
  const eventsOf = async (subscriber: ReturnType<typeof connectParts>['subscriber'], jobId: string) =>
    (await subscriber.read(jobId)).slice(1)

  parts('can be given up before it begins', async ({ parts: { intake, publisher, subscriber } }) => {
    const job = newJob()
    expect(await intake.giveUp(job.id, 0, 'r1')).toBe(false)
    await intake.queued(job)
    expect(await intake.giveUp(job.id, 0, 'r1')).toBe(true)
    expect(await eventsOf(subscriber, job.id)).toMatchObject([{ id: '0-2', ...failed }])
    expect(await intake.giveUp(job.id, 0, 'r2')).toBe(false)
    expect(await publisher.open(job.id, 1).begin()).toBe('finished')
  })

  parts('can be given up after attempts that did not end, which are not heard any more', async ({ parts }) => {
    const { intake, publisher, subscriber } = parts
    const job = newJob()
    await intake.queued(job)
    const frozen = publisher.open(job.id, 1)
    await frozen.begin()
    // Given out twice, and the second time no program began.
    expect(await intake.giveUp(job.id, 2, 'r1')).toBe(true)
    expect(await frozen.finish(EXITED, null)).toBe('stale')
    expect(await publisher.open(job.id, 3).begin()).toBe('finished')
    expect(await eventsOf(subscriber, job.id)).toMatchObject([
      { id: '1-1', type: 'started' },
      { id: '3-1', type: 'restarted' },
      { id: '3-2', ...failed },
    ])
  })

  parts('is another worker’s that has begun it since, or finished', async ({ parts: { intake, publisher } }) => {
    const job = newJob()
    await intake.queued(job)
    const log = publisher.open(job.id, 2)
    await log.begin()
    expect(await intake.giveUp(job.id, 1, 'r1')).toBe(false)
    expect(await log.finish(EXITED, null)).toBe('finished')
    expect(await intake.giveUp(job.id, 2, 'r1')).toBe(false)
  })

  parts('is either given up or begun, never both, however close they come', async ({ parts }) => {
    const { intake, publisher } = parts
    for (let round = 0; round < 50; round += 1) {
      const job = newJob()
      await intake.queued(job)
      await publisher.open(job.id, 1).begin()
      const next = publisher.open(job.id, 2)
      const [isGivenUp, begun] = await Promise.all([intake.giveUp(job.id, 1, 'r1'), next.begin()])
      expect(begun).toBe(isGivenUp ? 'finished' : 'begun')
      if (!isGivenUp) await next.finish(EXITED, null)
    }
  })
})
