import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { startSystem, stdoutOf, untilWorkers } from '@runnel/testing/system'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { canStartEngine, type OwnEngine, startOwnEngine } from './own-engine.ts'
import { restartDaemon } from './restart-daemon.ts'
import { TRANSPORTS, watchJob } from './watch-job.ts'

/** Prints before and after the loss of its host, and runs longer than it takes to start all jobs. */
const CODE = 'import time\nfor number in range(10):\n    print(number, flush=True)\n    time.sleep(0.2)'
const PRINTED = Array.from({ length: 10 }, (_, number) => `${number}\n`).join('')
const AT_ONCE = 2
/** As many as both workers run at once, and some that wait. */
const JOBS = 3 * AT_ONCE
const ENV = {
  RUNNEL_CONCURRENCY: String(AT_ONCE),
  RUNNEL_POOL_MIN: '1',
  RUNNEL_POOL_MAX: String(AT_ONCE),
  // The jobs of a dead worker run again after this time; the default of 20 s would only take longer.
  RUNNEL_LOCK_MS: '2000',
}

// To start an engine and to fill it takes seconds, so the tests share one, and the last one loses it.
describe.skipIf(!canStartEngine)('A Docker daemon', () => {
  let engine: OwnEngine
  beforeAll(async () => {
    engine = await startOwnEngine(['runnel/python'])
  })
  afterAll(() => engine?.[Symbol.asyncDispose]())

  test('that is killed and starts again loses no job, no worker and no event', async ({ redisUrl, prefix }) => {
    await restartDaemon(engine, 'SIGKILL', { redisUrl, prefix })
  })

  /**
   * Two hosts: a worker and a Docker engine each, and neither engine sees the other: one is the test's own, one the
   * machine's. API and Redis are elsewhere.
   *
   *   1. both workers run as many jobs as they may, others wait, every job is followed
   *   2. one host is lost: its worker, its engine and every container end by SIGKILL at once
   *   3. the other worker finishes all jobs
   */
  test('that is lost together with its worker loses no job and no event', async ({ redisUrl, prefix }) => {
    await using resources = new AsyncDisposableStack()
    const system = resources.use(await startSystem({ redisUrl, prefix, workers: 0, env: ENV }))
    const [lostWorker] = await Promise.all([system.startWorker({ DOCKER_HOST: engine.host }), system.startWorker()])
    await untilWorkers(system, 2, 0)

    const stop = new AbortController()
    resources.defer(() => stop.abort())
    const jobs = await Promise.all(
      Array.from({ length: JOBS }, () => system.submit({ language: 'python', code: CODE })),
    )
    const watched = jobs.map(({ id }, at) => {
      const transport = TRANSPORTS[at % TRANSPORTS.length]
      if (transport === undefined) throw new Error('There is no transport')
      return watchJob(`${system.url}/v1/jobs/${id}/events`, transport, { pauseMs: 0, signal: stop.signal })
    })
    await eventually(
      async () => {
        const states = await Promise.all(jobs.map(({ id }) => system.read(id)))
        expect(states.filter(({ status }) => status === 'running')).toHaveLength(2 * AT_ONCE)
      },
      { withinMs: 15_000 },
    )

    lostWorker.signal('SIGKILL')
    await engine.lose()

    const ended = await Promise.all(jobs.map(({ id }) => system.finished(id)))
    expect(ended.map(({ outcome }) => outcome)).toEqual(jobs.map(() => ({ type: 'exited', exitCode: 0 })))
    expect(ended.map(stdoutOf)).toEqual(jobs.map(() => PRINTED))
    // `watchJob` throws for an event that is missing or comes twice.
    const logs = await Promise.all(jobs.map(({ id }) => system.events(id)))
    expect(await Promise.all(watched)).toEqual(logs)
    expect(logs.map((log) => log.filter(({ type }) => type === 'finished').length)).toEqual(jobs.map(() => 1))
    // The jobs of the lost host ran again, once, and no others did.
    expect(ended.map(({ attempt }) => attempt).sort()).toEqual(jobs.map((_, at) => (at < JOBS - AT_ONCE ? 1 : 2)))
    expect(logs.filter((log) => log.some(({ type }) => type === 'restarted'))).toHaveLength(AT_ONCE)
  })
})
