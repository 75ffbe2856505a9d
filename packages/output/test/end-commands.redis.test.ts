import type { JobEnd } from '@runnel/contract/internal'
import { redisTest } from '@runnel/redis/testing'
import { eventually, startLossyProxy } from '@runnel/testing'
import { describe, expect } from 'vitest'
import type { EndCommands } from '../src/end-commands.ts'
import { connectParts, EXITED, newJob, RETENTION_MS, ready, USAGE } from './parts.ts'

/** Counts in Redis how often a job was ended, and notes the latest end. */
const test = redisTest.extend('parts', async ({ redisUrl, prefix, resources, redis, redisKeys }) => {
  const connected = connectParts(redisUrl, prefix, resources)
  const { publisher, logWriter } = connected
  await eventually(() => ready(connected.redis))
  const key = redisKeys.submission('default', '0'.repeat(64))
  const toCommands: EndCommands = (end) => [
    ['HINCRBY', key, 'count', 1],
    ['HSET', key, 'end', JSON.stringify(end)],
    ['PEXPIRE', key, RETENTION_MS],
  ]
  return {
    ...connected,
    toCommands,
    finish: (jobId: string, attempt: number) => publisher.open(jobId, attempt).finish(EXITED, USAGE, toCommands),
    cancel: (jobId: string) => logWriter.cancelQueued(jobId, toCommands),
    endUntaken: (jobId: string, attempts: number) =>
      logWriter.endUntaken(jobId, attempts, { reference: 'r1', toCommands }),
    async ends(): Promise<{ count: number; end: JobEnd }> {
      const { count, end } = await redis.hgetall(key)
      return { count: Number(count), end: JSON.parse(end ?? 'null') }
    },
  }
})

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)

describe('The commands that run when a job ends', () => {
  test('know what the log says of the end', async ({
    parts: { publisher, logWriter, subscriber, toCommands, ends },
  }) => {
    const job = newJob()
    await logWriter.start(job)
    const log = publisher.open(job.id, 1)
    await log.start()
    expect(await log.finish(EXITED, USAGE, toCommands)).toBe('finished')
    const { startedAt, finishedAt } = (await subscriber.summary(job.id)) ?? {}
    expect(await ends()).toEqual({
      count: 1,
      end: { attempt: 1, startedAt, finishedAt, outcome: EXITED, usage: USAGE },
    })
    expect([startedAt, finishedAt]).toEqual([TIME, TIME])
  })

  test('run for a job that is canceled in the queue', async ({ parts: { logWriter, cancel, ends } }) => {
    const job = newJob()
    await logWriter.start(job)
    expect(await cancel(job.id)).toBe(true)
    const end = { attempt: 0, finishedAt: TIME, outcome: { type: 'canceled' }, usage: null }
    expect(await ends()).toEqual({ count: 1, end })
  })

  test.for([
    { attempts: 0, attempt: 0 },
    { attempts: 1, attempt: 2 },
  ])('run for a job that is given up after $attempts attempts', async ({ attempts, attempt }, { parts }) => {
    const { logWriter, publisher, subscriber, endUntaken, ends } = parts
    const job = newJob()
    await logWriter.start(job)
    if (attempts > 0) await publisher.open(job.id, attempts).start()
    expect(await endUntaken(job.id, attempts)).toBe(true)
    const outcome = { type: 'sandbox-failed', reference: 'r1' }
    expect(await ends()).toEqual({ count: 1, end: { attempt, finishedAt: TIME, outcome, usage: null } })
    expect(await subscriber.summary(job.id)).toMatchObject({ attempt, outcome })
  })

  test('run once, even if several want to end the job', async ({ parts }) => {
    const { logWriter, publisher, toCommands, finish, cancel, endUntaken, ends } = parts
    const job = newJob()
    await logWriter.start(job)
    const first = publisher.open(job.id, 1)
    await first.start()
    const second = publisher.open(job.id, 2)
    await second.start()
    // Its worker lost the job.
    expect(await first.finish({ type: 'canceled' }, null, toCommands)).toBe('stale')
    expect(await second.finish(EXITED, USAGE, toCommands)).toBe('finished')
    expect(await cancel(job.id)).toBe(false)
    expect(await endUntaken(job.id, 2)).toBe(false)
    expect(await finish(job.id, 1)).toBe('stale')
    expect(await ends()).toMatchObject({ count: 1, end: { attempt: 2, outcome: EXITED } })
  })

  test('run once if the answer of the step is lost', async ({ redisUrl, prefix, resources, parts }) => {
    const proxy = resources.use(await startLossyProxy(redisUrl))
    const lossy = connectParts(proxy.url, prefix, resources)
    await eventually(() => ready(lossy.redis, lossy.subscription))
    // From here on Redis has the scripts, so that each step has one answer.
    const other = newJob()
    await parts.logWriter.start(other)
    const otherLog = lossy.publisher.open(other.id, 1)
    await otherLog.start()
    await otherLog.finish(EXITED, null)
    const job = newJob()
    await parts.logWriter.start(job)
    const log = lossy.publisher.open(job.id, 1)
    await log.start()
    proxy.loseAnswer()
    expect(await log.finish(EXITED, USAGE, parts.toCommands)).toBe('finished')
    expect(proxy.lost).toBe(1)
    expect(await parts.ends()).toMatchObject({ count: 1, end: { outcome: EXITED } })
  })
})
