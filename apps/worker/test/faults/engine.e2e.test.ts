import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { containersOf, type System, saying, startSystem, stdoutOf, untilWorkers } from '@runnel/testing/system'
import { describe, expect } from 'vitest'
import { startFaultyEngine } from './fault-proxies.ts'

const ENV = {
  RUNNEL_POOL_MIN: '1',
  RUNNEL_CONCURRENCY: '4',
  RUNNEL_ENGINE_TIMEOUT_MS: '3000',
}

const submitMany = (system: System, count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      system.submit({ language: 'python', code: `import time\ntime.sleep(0.7)\nprint(${index})` }),
    ),
  )

/** The longest time that a worker takes to stop, after its grace (docs/operations.md). */
const STOP_MS = 29_000
const GRACE_MS = 500

// Each test has its own fault proxy and mostly waits, so they run at the same time.
describe.concurrent('A Docker engine', () => {
  test('that starts after its worker, and later restarts, loses no job and no worker', async ({ redisUrl, prefix }) => {
    await using engine = await startFaultyEngine()
    engine.close()
    await using system = await startSystem({ redisUrl, prefix, workers: 0, env: { ...ENV, DOCKER_HOST: engine.host } })
    const worker = await system.startWorker()
    const jobs = await submitMany(system, 12)
    await saying(worker, 'Jobs stay queued')
    const states = await Promise.all(jobs.map(({ id }) => system.read(id)))
    expect(states.map(({ status }) => status)).toEqual(jobs.map(() => 'queued'))
    engine.open()
    await saying(worker, 'can be made again: taking jobs')
    await eventually(async () => expect((await system.read(jobs[0]?.id ?? '')).status).toBe('running'), {
      withinMs: 15_000,
    })
    engine.close()
    await untilWorkers(system, 0, 1)
    engine.open()
    const ended = await Promise.all(jobs.map(({ id }) => system.finished(id)))
    expect(ended.map(stdoutOf)).toEqual(ended.map((_, index) => `${index}\n`))
    expect(system.workers.map(({ hasExited }) => hasExited)).toEqual([false])
    await untilWorkers(system, 1, 0)
  })

  test('that accepts connections and never answers is noticed, and its worker is ready again when it answers', async ({
    redisUrl,
    prefix,
  }) => {
    await using engine = await startFaultyEngine()
    engine.hang()
    await using system = await startSystem({ redisUrl, prefix, env: { ...ENV, DOCKER_HOST: engine.host } })
    await untilWorkers(system, 0, 1)
    const waiting = await system.submit({ language: 'python', code: 'print("waited")' })
    expect((await system.read(waiting.id)).status).toBe('queued')
    engine.open()
    expect(stdoutOf(await system.finished(waiting.id))).toBe('waited\n')
    await untilWorkers(system, 1, 0)

    const code = 'import time\nprint("running", flush=True)\ntime.sleep(1)\nprint("ended")'
    const running = await system.submit({ language: 'python', code })
    await eventually(async () => expect((await system.read(running.id)).status).toBe('running'))
    engine.hang()
    // No job needs the engine: the worker checks it anyway.
    await untilWorkers(system, 0, 1)
    engine.open()
    const job = await system.finished(running.id)
    expect([stdoutOf(job), job.outcome]).toEqual(['running\nended\n', { type: 'exited', exitCode: 0 }])
    await untilWorkers(system, 1, 0)
  })

  test('that stays away for longer than jobs may wait ends them as `sandbox-failed`, and its worker continues', async ({
    redisUrl,
    prefix,
  }) => {
    await using engine = await startFaultyEngine()
    const env = { ...ENV, DOCKER_HOST: engine.host, RUNNEL_NO_WORKER_TIMEOUT_MS: '2000', RUNNEL_CONCURRENCY: '1' }
    await using system = await startSystem({ redisUrl, prefix, env })
    const code = 'import time\nprint("running", flush=True)\ntime.sleep(600)'
    const running = await system.submit({ language: 'python', code, limits: { wallMs: 1_000 } })
    await eventually(async () => expect((await system.read(running.id)).status).toBe('running'), { withinMs: 15_000 })
    engine.hang()
    const waiting = await system.submit({ language: 'python', code })
    for (const { id } of [running, waiting]) {
      const { outcome } = await system.finished(id)
      const reference = outcome?.type === 'sandbox-failed' ? outcome.reference : 'none'
      await eventually(() => system.api.lines.some((line) => line.reference === reference && line.jobId === id))
    }
    const types = async (id: string) => (await system.events(id)).map(({ type }) => type)
    expect(await types(waiting.id)).toEqual(['queued', 'finished'])
    expect((await types(running.id)).filter((type) => type !== 'stdout')).toEqual([
      'queued',
      'started',
      'restarted',
      'finished',
    ])
    engine.open()
    await untilWorkers(system, 1, 0)
    const next = await system.submit({ language: 'python', code: 'print("well again")' })
    expect(stdoutOf(await system.finished(next.id))).toBe('well again\n')
  })

  test('that hangs while its worker stops does not delay it beyond the longest stop, and loses no job', async ({
    redisUrl,
    prefix,
  }) => {
    await using engine = await startFaultyEngine()
    const env = { ...ENV, RUNNEL_CONCURRENCY: '1', RUNNEL_SHUTDOWN_GRACE_MS: String(GRACE_MS) }
    await using system = await startSystem({ redisUrl, prefix, workers: 0, env })
    const worker = await system.startWorker({ DOCKER_HOST: engine.host })
    const code = 'import time\ntime.sleep(2)\nprint("ended")'
    const jobs = await Promise.all([0, 1].map(() => system.submit({ language: 'python', code })))
    await eventually(async () => expect((await system.read(jobs[0]?.id ?? '')).status).toBe('running'), {
      withinMs: 15_000,
    })
    engine.hang()
    const stoppedAt = performance.now()
    worker.signal('SIGTERM')
    expect(await worker.exited).toBe(0)
    expect(performance.now() - stoppedAt).toBeLessThan(GRACE_MS + STOP_MS)
    await system.startWorker()
    const ended = await Promise.all(jobs.map(({ id }) => system.finished(id)))
    expect(ended.map((job) => [job.outcome, stdoutOf(job)])).toEqual(
      jobs.map(() => [{ type: 'exited', exitCode: 0 }, 'ended\n']),
    )
    // The other worker removes the containers that the first one could not.
    await eventually(async () => expect(await containersOf(worker)).toEqual([]), { withinMs: 30_000, everyMs: 200 })
  })
})
