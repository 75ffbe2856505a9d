import { eventually, redisTest as test } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type System, startSystem, stdoutOf } from '../system.ts'
import { startEngineGate } from './gates.ts'

const ENV = {
  RUNNEL_LANGUAGES: 'python',
  RUNNEL_POOL_MIN: '1',
  RUNNEL_CONCURRENCY: '4',
  RUNNEL_ENGINE_TIMEOUT_MS: '1000',
}

const submitMany = (system: System, count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      system.submit({ language: 'python', code: `import time\ntime.sleep(0.7)\nprint(${index})` }),
    ),
  )

const untilWorkers = (system: System, ready: number, notReady: number) =>
  eventually(
    async () => {
      const health = await (await system.call('GET', '/health/ready')).json()
      expect(health).toMatchObject({ workers: ready, workersNotReady: notReady })
    },
    { withinMs: 15_000 },
  )

// Each has a door of its own, and most of it is waiting.
describe.concurrent('A Docker engine', () => {
  test('that restarts costs no job and no worker', async ({ redisUrl, prefix }) => {
    await using engine = await startEngineGate()
    await using system = await startSystem({ redisUrl, prefix, env: { ...ENV, DOCKER_HOST: engine.host } })
    const jobs = await submitMany(system, 12)
    await eventually(async () => expect((await system.read(jobs[0]?.id ?? '')).status).toBe('running'))
    engine.close()
    await untilWorkers(system, 0, 1)
    engine.open()
    const ended = await Promise.all(jobs.map(({ id }) => system.finished(id)))
    expect(ended.map(stdoutOf)).toEqual(ended.map((_, index) => `${index}\n`))
    expect(system.workers.map(({ hasExited }) => hasExited)).toEqual([false])
    await untilWorkers(system, 1, 0)
  })

  test('that accepts and never answers is noticed, and its worker is ready again when it answers', async ({
    redisUrl,
    prefix,
  }) => {
    await using engine = await startEngineGate()
    engine.hang()
    await using system = await startSystem({ redisUrl, prefix, env: { ...ENV, DOCKER_HOST: engine.host } })
    await untilWorkers(system, 0, 1)
    const waiting = await system.submit({ language: 'python', code: 'print("waited")' })
    expect((await system.read(waiting.id)).status).toBe('queued')
    engine.open()
    expect(stdoutOf(await system.finished(waiting.id))).toBe('waited\n')
    await untilWorkers(system, 1, 0)

    const code = 'import time\nprint("begun", flush=True)\ntime.sleep(1)\nprint("ended")'
    const running = await system.submit({ language: 'python', code })
    await eventually(async () => expect((await system.read(running.id)).status).toBe('running'))
    engine.hang()
    // Nobody asks it anything: it is looked at all the same.
    await untilWorkers(system, 0, 1)
    engine.open()
    const job = await system.finished(running.id)
    expect([stdoutOf(job), job.outcome]).toEqual(['begun\nended\n', { type: 'exited', exitCode: 0 }])
    await untilWorkers(system, 1, 0)
  })

  test('that answers all but what makes a container is our failure after some tries, with a reference in the log', async ({
    redisUrl,
    prefix,
  }) => {
    await using engine = await startEngineGate()
    const release = engine.holdEach('/containers/create')
    await using system = await startSystem({ redisUrl, prefix, env: { ...ENV, DOCKER_HOST: engine.host } })
    const { id } = await system.submit({ language: 'python', code: 'print(1)' })
    const { outcome } = await system.finished(id)
    const reference = outcome?.type === 'sandbox-failed' ? outcome.reference : undefined
    expect(reference).toBeDefined()
    const lines = system.workers.flatMap((worker) => worker.lines)
    expect(lines.filter((line) => line.reference === reference)).toHaveLength(1)
    expect(lines.filter(({ msg, jobId }) => jobId === id && msg.includes('trying another'))).toHaveLength(2)
    release()
    const next = await system.submit({ language: 'python', code: 'print("well again")' })
    expect(stdoutOf(await system.finished(next.id))).toBe('well again\n')
  })
})
