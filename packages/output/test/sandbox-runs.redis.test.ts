import type { SandboxRun } from '@runnel/contract/internal'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { connectParts, EXITED, newJob, printed, ready, text, watch } from './parts.ts'

const SANDBOX = `sbx-${'a'.repeat(24)}`
const newRun = (): SandboxRun => ({ ...newJob(), sandboxId: SANDBOX })

const parts = test.extend('parts', async ({ redisUrl, prefix, resources }) => {
  const connected = connectParts(redisUrl, prefix, resources)
  await eventually(() => ready(connected.redis, connected.subscription))
  return connected
})

describe('A command of a sandbox', () => {
  parts('has a log like a job, which says its sandbox', async ({ parts: { logWriter, publisher, subscriber } }) => {
    const run = newRun()
    expect(await logWriter.acceptRun(run, [])).toBe(undefined)
    const log = publisher.open(run.id, 1)
    expect(await log.start()).toBe('started')
    await log.write('stdout', text('hello\n'))
    await log.finish(EXITED, null)
    expect(await subscriber.summary(run.id)).toMatchObject({ status: 'finished', sandboxId: SANDBOX, outcome: EXITED })
    expect((await subscriber.read(run.id)).map(({ id, type }) => `${id} ${type}`)).toEqual([
      '0-1 queued',
      '1-1 started',
      '1-2 stdout',
      '1-3 finished',
    ])
  })

  parts('is ended for its lost worker, and keeps what it printed', async ({ parts }) => {
    const { logWriter, publisher, subscriber, redis } = parts
    const run = newRun()
    await logWriter.acceptRun(run, [])
    const log = publisher.open(run.id, 1)
    await log.start()
    const watching = watch(subscriber, run.id)
    await log.write('stdout', text('so far'))
    await eventually(() => watching.entries.length === 3)
    const toCommands = () => [['SET', 'noted', 'once'] as const]
    expect(await logWriter.endLostRun(run.id, toCommands)).toBe(true)
    await watching.ended
    expect(printed(watching.entries)).toBe('so far')
    expect(JSON.parse(watching.entries.at(-1)?.json ?? '')).toMatchObject({
      id: '1-3',
      type: 'finished',
      outcome: { type: 'sandbox-ended', ending: 'lost' },
      usage: null,
    })
    expect(await redis.getdel('noted')).toBe('once')
    expect(await logWriter.endLostRun(run.id, toCommands)).toBe(false)
    expect(await log.finish(EXITED, null)).toBe('stale')
    expect(await redis.exists('noted')).toBe(0)
  })

  parts('is ended too if its worker never started it', async ({ parts: { logWriter, subscriber } }) => {
    const run = newRun()
    await logWriter.acceptRun(run, [])
    expect(await logWriter.endLostRun(run.id)).toBe(true)
    expect((await subscriber.read(run.id)).map(({ id, type }) => `${id} ${type}`)).toEqual([
      '0-1 queued',
      '0-2 finished',
    ])
    expect(await logWriter.endLostRun(newRun().id)).toBe(false)
  })

  test('is refused without a trace when its tenant has no room left', async ({ redisUrl, prefix, resources }) => {
    const { logWriter, subscriber, redis, keys } = connectParts(redisUrl, prefix, resources, {
      all: 1e9,
      tenant: 10_000,
    })
    await eventually(() => ready(redis))
    const [first, second] = [newRun(), newRun()]
    expect(await logWriter.acceptRun(first, [])).toBe(undefined)
    expect(await logWriter.acceptRun(second, [])).toBe('tenant')
    expect(await subscriber.has(second.id)).toBe(false)
    expect(await redis.exists(keys.keptJob(second.id))).toBe(0)
    await logWriter.endLostRun(first.id)
    expect(await logWriter.acceptRun(second, [])).toBe(undefined)
  })
})
