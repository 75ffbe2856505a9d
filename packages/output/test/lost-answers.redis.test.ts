import { redisTest as test } from '@runnel/redis/testing'
import { eventually, startLossyProxy } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { connectParts, EXITED, idsOf, newJob, printed, ready, text } from './parts.ts'

const lossy = test.extend('parts', async ({ redisUrl, prefix, resources }) => {
  const proxy = resources.use(await startLossyProxy(redisUrl))
  const connected = connectParts(proxy.url, prefix, resources)
  await eventually(() => ready(connected.redis, connected.subscription))
  // From here on Redis has the scripts, so that each step has one answer.
  const job = newJob()
  await connected.logWriter.start(job)
  await connected.logWriter.cancelQueued(job.id)
  const log = connected.publisher.open(newJob().id, 1)
  await log.start()
  await log.finish(EXITED, null)
  return { ...connected, proxy }
})

describe('when the answer of a step is lost', () => {
  lossy('an attempt starts once', async ({ parts: { proxy, publisher, subscriber } }) => {
    const job = newJob()
    proxy.loseAnswer()
    expect(await publisher.open(job.id, 1).start()).toBe('started')
    proxy.loseAnswer()
    const second = publisher.open(job.id, 2)
    expect(await second.start()).toBe('started')
    expect(proxy.lost).toBe(2)
    expect(await second.finish(EXITED, null)).toBe('finished')
    const events = await subscriber.read(job.id)
    expect(events.map(({ id, type }) => `${id} ${type}`)).toEqual([
      '1-1 started',
      '2-1 restarted',
      '2-2 started',
      '2-3 finished',
    ])
  })

  lossy('output arrives once, and the worker continues', async ({ parts: { proxy, publisher, subscriber } }) => {
    const job = newJob()
    const log = publisher.open(job.id, 1)
    await log.start()
    const lines = Array.from({ length: 100 }, (_, line) => `${line}\n`)
    for (const [at, line] of lines.entries()) {
      if (at % 20 === 0) proxy.loseAnswer()
      await log.write('stdout', text(line))
      if (at % 20 === 0) await eventually(() => proxy.lost === at / 20 + 1)
    }
    proxy.loseAnswer()
    expect(await log.finish(EXITED, null)).toBe('finished')
    expect(proxy.lost).toBe(6)
    const events = await subscriber.read(job.id)
    expect(events.map(({ id }) => id)).toEqual(idsOf(0, events.length))
    const entries = events.map((event) => ({ id: event.id, type: event.type, json: JSON.stringify(event) }))
    expect(printed(entries)).toBe(lines.join(''))
  })

  lossy('a job is canceled, and the caller knows', async ({ parts: { proxy, logWriter, subscriber } }) => {
    const job = newJob()
    await logWriter.start(job)
    proxy.loseAnswer()
    expect(await logWriter.cancelQueued(job.id)).toBe(true)
    expect(proxy.lost).toBe(1)
    expect(await subscriber.read(job.id)).toMatchObject([
      { id: '0-1', type: 'queued' },
      { id: '0-2', type: 'finished', outcome: { type: 'canceled' } },
    ])
  })
})
