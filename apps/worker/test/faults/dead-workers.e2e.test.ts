import { randomUUID } from 'node:crypto'
import type { JobEvent } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { createWorkerDirectory } from '@runnel/registry'
import { eventually } from '@runnel/testing'
import { containersOf, isThere, nameOf, type Process, type System, startSystem, stdoutOf } from '@runnel/testing/system'
import type Docker from 'dockerode'
import { describe, expect } from 'vitest'
import { startFaultyEngine, startFaultyRedis } from './fault-proxies.ts'
import type { FaultProxy } from './fault-proxy.ts'
import { startStubborn } from './stubborn-container.ts'

/** Nothing of a dead worker is left after this time. */
const GONE_MS = 30_000

/** The longest time that a worker takes to stop, after its grace (docs/operations.md). */
const STOP_MS = 29_000
const GRACE_MS = 200

const ENV = {
  // No pool: the sandbox is made when the job comes.
  RUNNEL_POOL_MIN: '0',
  RUNNEL_POOL_MAX: '0',
  RUNNEL_CONCURRENCY: '1',
  RUNNEL_LOCK_MS: '2000',
}
const PROGRAM = 'print("first", flush=True)\nimport time\ntime.sleep(0.5)\nprint("last")'

/** A point at which a worker is stopped: what it sends then, and whether that still arrives. */
interface Stage {
  readonly name: string
  readonly at: string
  readonly passing?: boolean
  /** All events of the job, when it has finished. */
  readonly events: string
}

const REPORT = {
  host: 'elsewhere',
  version: '0',
  startedAt: new Date().toISOString(),
  concurrency: 1,
  busy: 0,
  pool: { idle: 0, bound: 0 },
  sandboxes: { running: 0, bound: 4 },
  isolation: { served: 'job' },
  state: 'ready',
} as const

const STARTED_LATER = '0 queued, 2 started, 2 stdout, 2 finished'
const STARTED_TWICE = '0 queued, 1 started, 2 restarted, 2 started, 2 stdout, 2 finished'
const PRINTED_TWICE = '0 queued, 1 started, 1 stdout, 2 restarted, 2 started, 2 stdout, 2 finished'
const ONCE = '0 queued, 1 started, 1 stdout, 1 finished'
/** A worker sends everything to Redis over one connection, so each of these stages needs its own worker. */
const REDIS_STAGES: readonly Stage[] = [
  { name: 'with a sandbox, before its log started', at: '"type":"started"', events: STARTED_LATER },
  { name: 'while it publishes', at: '"data":"first', events: STARTED_TWICE },
  { name: 'before the outcome is written', at: '"type":"finished"', events: PRINTED_TWICE },
  { name: 'after the outcome, before the queue knows', at: '"type":"finished"', passing: true, events: ONCE },
]
/** One worker can be at all of these stages at once, with a different job at each. */
const ENGINE_STAGES: readonly Stage[] = [
  { name: 'while its container is removed', at: 'DELETE /containers/', events: ONCE },
  { name: 'while it puts the files', at: 'caught here', events: STARTED_TWICE },
  { name: 'while its container is started', at: '/start', events: STARTED_LATER },
  { name: 'while its container is made', at: '/containers/create', events: STARTED_LATER },
]
/** Nothing stops this worker. Its program has printed. */
const RUNNING: Stage = { name: 'while the program runs', at: '', events: PRINTED_TWICE }

/** The types of the events, repeated ones once, because the number of output events varies. */
const toList = (events: readonly JobEvent[]): string => {
  const types = events.map(({ id, type }) => `${id.split('-')[0]} ${type}`)
  return types.filter((event, at) => event !== types[at - 1]).join(', ')
}

/** Follows the job until it has printed. */
const untilPrinted = async (system: System, jobId: string): Promise<void> => {
  const { body } = await system.call('GET', `/v1/jobs/${jobId}/events`)
  let seen = ''
  for await (const bytes of body ?? []) {
    seen += Buffer.from(bytes).toString()
    if (seen.includes('"type":"stdout"')) return
  }
  throw new Error(`It never printed: ${seen}`)
}

const ids = (events: readonly JobEvent[]): string[] => {
  const attempts = Map.groupBy(events, ({ id }) => id.split('-')[0])
  return [...attempts].flatMap(([attempt, own]) => own.map((_, at) => `${attempt}-${at + 1}`))
}

/** A worker behind its own fault proxies. */
const startBehindProxies = async (
  system: System,
  redisUrl: string,
  resources: AsyncDisposableStack,
  concurrency = 1,
) => {
  const redis = resources.use(await startFaultyRedis(redisUrl))
  const engine = resources.use(await startFaultyEngine())
  const env = { REDIS_URL: redis.url, DOCKER_HOST: engine.host, RUNNEL_CONCURRENCY: String(concurrency) }
  return { worker: await system.startWorker(env), redis, engine }
}

/** Submits a job for any worker with room, and waits until it reaches this stage at the proxy. */
const catchAt = async (system: System, proxy: FaultProxy, stage: Stage) => {
  const code = `# caught here\n${PROGRAM}`
  const reached = stage.at === '' ? undefined : proxy.holdAt(stage.at, { passing: stage.passing ?? false })
  // Each with a container of its own, so that each worker makes, starts and removes one for its job.
  const { id } = await system.submit({ language: 'python', code, isolation: 'container' })
  if (reached !== undefined) await reached
  else await untilPrinted(system, id)
  return { stage, id }
}

const labelsOf = (worker: string) => ({ runnel: '1', 'runnel.worker': worker })
const discard = async (container: Docker.Container): Promise<void> => {
  await container.remove({ force: true }).catch(() => {})
}

const goneFrom = (workers: readonly Process[]) => async () =>
  expect((await Promise.all(workers.map(containersOf))).flat()).toEqual([])

/**
 * Workers are stopped at these stages, one after another, and then killed. A worker that is held at Redis counts as dead after
 * a while, and others of its system remove its containers: so those that are held at the engine have a system of their own.
 */
const killAt = async (
  redisUrl: string,
  prefix: string,
  catchAll: (
    start: (concurrency?: number) => ReturnType<typeof startBehindProxies>,
    system: System,
    resources: AsyncDisposableStack,
  ) => Promise<Awaited<ReturnType<typeof catchAt>>[]>,
) => {
  await using resources = new AsyncDisposableStack()
  await using system = await startSystem({ redisUrl, prefix, workers: 0, env: ENV })
  const workers: Process[] = []
  const start = async (concurrency = 1) => {
    const one = await startBehindProxies(system, redisUrl, resources, concurrency)
    workers.push(one.worker)
    return one
  }
  const caught = await catchAll(start, system, resources)
  for (const worker of workers) worker.signal('SIGKILL')
  const killedAt = performance.now()
  await system.startWorker({ RUNNEL_CONCURRENCY: '6' })

  for (const { stage, id } of caught) {
    const job = await system.finished(id, 20_000)
    const events = await system.events(id)
    expect([stage.name, job.outcome, stdoutOf(job)]).toEqual([
      stage.name,
      { type: 'exited', exitCode: 0 },
      'first\nlast\n',
    ])
    expect([stage.name, toList(events)]).toEqual([stage.name, stage.events])
    expect(events.map((event) => event.id)).toEqual(ids(events))
  }
  await eventually(goneFrom(workers), { withinMs: GONE_MS - (performance.now() - killedAt) })
}

// Most of it is waiting, for locks to run out and for rounds of the reaper: all at the same time.
describe.concurrent('A job whose worker dies', () => {
  test('at any step with Redis finishes exactly once, and nothing of the worker stays', async ({
    redisUrl,
    prefix,
  }) => {
    await killAt(redisUrl, prefix, async (start, system, resources) => {
      const caught: Awaited<ReturnType<typeof catchAt>>[] = []
      // Each worker is full, so the next worker gets the next job.
      for (const stage of REDIS_STAGES) caught.push(await catchAt(system, (await start()).redis, stage))
      const last = await start()
      // It also has a container that does not end without help.
      resources.adopt(await startStubborn(labelsOf(nameOf(last.worker) ?? '')), discard)
      caught.push(await catchAt(system, last.redis, RUNNING))
      return caught
    })
  })

  test('at any step with the engine finishes exactly once, and nothing of the worker stays', async ({
    redisUrl,
    prefix,
  }) => {
    await killAt(redisUrl, prefix, async (start, system) => {
      const { engine } = await start(ENGINE_STAGES.length - 1)
      const caught: Awaited<ReturnType<typeof catchAt>>[] = []
      for (const stage of ENGINE_STAGES) caught.push(await catchAt(system, engine, stage))
      return caught
    })
  })

  test('or is frozen for longer than its lock has one outcome, and the late worker changes nothing', async ({
    redisUrl,
    prefix,
  }) => {
    await using system = await startSystem({ redisUrl, prefix, env: ENV })
    const [frozen] = system.workers
    const code = 'import os, time\nprint(os.urandom(8).hex(), flush=True)\ntime.sleep(1.5)\nprint("late")'
    const { id } = await system.submit({ language: 'python', code })
    await eventually(async () => expect((await system.read(id)).status).toBe('running'))
    frozen?.signal('SIGSTOP')
    await system.startWorker()
    const job = await system.finished(id, 20_000)
    const before = await system.events(id)
    expect([job.attempt, job.outcome]).toEqual([2, { type: 'exited', exitCode: 0 }])
    // By now the program has ended. Its outcome waits in the frozen worker's socket, and the worker will read it first.
    frozen?.signal('SIGCONT')
    await eventually(
      () => frozen?.lines.some(({ msg, jobId }) => jobId === id && msg.startsWith('Lost a job')) ?? false,
    )
    const next = await system.submit({ language: 'python', code: 'print("both work")' })
    await system.finished(next.id)
    expect(await system.events(id)).toEqual(before)
    expect(stdoutOf(await system.read(id))).toBe(stdoutOf(job))
  })
})

describe.concurrent('A job whose worker stops', () => {
  test('while Redis hangs finishes exactly once, and the worker exits in time', async ({ redisUrl, prefix }) => {
    await using redis = await startFaultyRedis(redisUrl)
    await using system = await startSystem({ redisUrl, prefix, workers: 0, env: ENV })
    const worker = await system.startWorker({ REDIS_URL: redis.url, RUNNEL_SHUTDOWN_GRACE_MS: String(GRACE_MS) })
    const jobs = await Promise.all([0, 1].map(() => system.submit({ language: 'python', code: PROGRAM })))
    await eventually(async () => expect((await system.read(jobs[0]?.id ?? '')).status).toBe('running'), {
      withinMs: 15_000,
    })
    redis.hang()
    const stoppedAt = performance.now()
    worker.signal('SIGTERM')
    expect(await worker.exited).toBe(0)
    expect(performance.now() - stoppedAt).toBeLessThan(GRACE_MS + STOP_MS)
    await system.startWorker()
    for (const { id } of jobs) {
      const job = await system.finished(id)
      expect([job.outcome, stdoutOf(job)]).toEqual([{ type: 'exited', exitCode: 0 }, 'first\nlast\n'])
      expect((await system.events(id)).filter(({ type }) => type === 'finished')).toHaveLength(1)
    }
  })
})

describe.concurrent('Containers without a worker', () => {
  test('are removed within 30 s, whatever runs in them; containers of live and of unknown workers stay', async ({
    redis,
    redisUrl,
    prefix,
  }) => {
    await using _system = await startSystem({
      redisUrl,
      prefix,
      env: { RUNNEL_LANGUAGES: 'bash', RUNNEL_POOL_MIN: '1' },
    })
    const directory = createWorkerDirectory({ redis, prefix })
    const [dead, alive, stranger] = ['dead', 'alive', 'stranger'].map((name) => `${name}-${randomUUID()}`) as [
      string,
      string,
      string,
    ]
    await using resources = new AsyncDisposableStack()
    const start = async (labels: Readonly<Record<string, string>>, isStarted = true) =>
      resources.adopt(await startStubborn(labels, isStarted), discard)
    const orphans = [await start(labelsOf(dead)), await start(labelsOf(dead)), await start(labelsOf(dead), false)]
    const others = [await start(labelsOf(alive)), await start(labelsOf(stranger)), await start({ unrelated: '1' })]
    // As before a power cut: the worker is known, and sends no more heartbeats.
    await directory.beat(dead, REPORT)
    const silentSince = performance.now()

    await eventually(
      async () => {
        await directory.beat(alive, REPORT)
        expect(await Promise.all(orphans.map(isThere))).toEqual(orphans.map(() => false))
      },
      { withinMs: GONE_MS, everyMs: 200 },
    )
    expect(performance.now() - silentSince).toBeLessThan(GONE_MS)
    expect(await Promise.all(others.map(isThere))).toEqual(others.map(() => true))
  })
})
