import { eventually, redisTest as test } from '@runnel/testing'
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
