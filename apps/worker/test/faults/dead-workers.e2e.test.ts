import { randomUUID } from 'node:crypto'
import type { JobEvent } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { createWorkerDirectory } from '@runnel/registry'
import { eventually } from '@runnel/testing'
import type Docker from 'dockerode'
import { describe, expect } from 'vitest'
import { containersOf, nameOf, type Process } from '../process.ts'
import { type System, startSystem, stdoutOf } from '../system.ts'
import { startFaultyEngine, startFaultyRedis } from './fault-proxies.ts'
import type { FaultProxy } from './fault-proxy.ts'
import { isThere, startStubborn } from './stubborn-container.ts'

/** So soon is all of a dead worker gone. */
const GONE_MS = 30_000

/** What a worker takes to stop at most, beyond its grace (docs/operations.md). */
const STOP_MS = 29_000
const GRACE_MS = 200

const ENV = {
  // A sandbox is made for the job, and not before.
  RUNNEL_POOL_MIN: '0',
  RUNNEL_POOL_MAX: '0',
  RUNNEL_CONCURRENCY: '1',
  RUNNEL_LOCK_MS: '2000',
}
const PROGRAM = 'print("first", flush=True)\nimport time\ntime.sleep(0.5)\nprint("last")'

/** Where a worker is caught: what it sends, and whether that still arrives. */
interface Stage {
  readonly name: string
  readonly at: string
  readonly passing?: boolean
  /** How the job went on after that. */
  readonly events: string
}

const ANEW = '0 queued, 2 started, 2 stdout, 2 finished'
const AGAIN = '0 queued, 1 started, 1 stdout?, 2 restarted, 2 started, 2 stdout, 2 finished'
const ONCE = '0 queued, 1 started, 1 stdout, 1 finished'
/** All that a worker tells Redis goes one way, so each of these takes a worker of its own. */
const REDIS_STAGES: readonly Stage[] = [
  { name: 'with a sandbox, before its log began', at: '"type":"started"', events: ANEW },
  { name: 'while it publishes', at: '"data":"first', events: AGAIN },
  { name: 'before the outcome is written', at: '"type":"finished"', events: AGAIN },
  { name: 'after the outcome, before the queue knows', at: '"type":"finished"', passing: true, events: ONCE },
]
/** One worker is at all of these at once: the first ends its job, the others wait, and none has what another waits for. */
const ENGINE_STAGES: readonly Stage[] = [
  { name: 'while its container is removed', at: 'DELETE /containers/', events: ONCE },
  { name: 'while it puts the files', at: 'caught here', events: AGAIN },
  { name: 'while its container is started', at: '/start', events: ANEW },
  { name: 'while its container is made', at: '/containers/create', events: ANEW },
]
/** Nothing keeps its worker from going on. */
const RUNNING: Stage = { name: 'while the program runs', at: '', events: AGAIN }

/** Pieces of output are as many as they are; whether any came before a kill is chance. */
const tell = (events: readonly JobEvent[]): string => {
  const told = events.map(({ id, type }) => `${id.split('-')[0]} ${type}`)
  return told.filter((event, at) => event !== told[at - 1]).join(', ')
}
const isTold = (events: readonly JobEvent[], expected: string): boolean =>
  [expected.replace('1 stdout?', '1 stdout'), expected.replace(' 1 stdout?,', '')].includes(tell(events))

const ids = (events: readonly JobEvent[]): string[] => {
  const attempts = Map.groupBy(events, ({ id }) => id.split('-')[0])
  return [...attempts].flatMap(([attempt, own]) => own.map((_, at) => `${attempt}-${at + 1}`))
}

/** A worker behind doors of its own. */
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

/** Submits a job for whichever worker has room, and waits until it is at this stage, at that door. */
const catchAt = async (system: System, proxy: FaultProxy, stage: Stage) => {
  const code = `# caught here\n${PROGRAM}`
  const reached = stage.at === '' ? undefined : proxy.holdAt(stage.at, { passing: stage.passing ?? false })
  const { id } = await system.submit({ language: 'python', code })
  if (reached !== undefined) await reached
  else await eventually(async () => (await system.read(id)).status === 'running')
  return { stage, id }
}

const labelsOf = (worker: string) => ({ runnel: '1', 'runnel.worker': worker })
const discard = async (container: Docker.Container): Promise<void> => {
  await container.remove({ force: true }).catch(() => {})
}

const goneFrom = (workers: readonly Process[]) => async () =>
  expect((await Promise.all(workers.map(containersOf))).flat()).toEqual([])

// Most of it is waiting, for locks to run out and for rounds of the reaper: all at the same time.
describe.concurrent('A job whose worker dies', () => {
  test('at any step of it finishes exactly once, and nothing of the worker stays', async ({ redisUrl, prefix }) => {
    await using resources = new AsyncDisposableStack()
    await using system = await startSystem({ redisUrl, prefix, workers: 0, env: ENV })
    const behindProxies: Awaited<ReturnType<typeof startBehindProxies>>[] = []
    const start = async (concurrency = 1) => {
      const one = await startBehindProxies(system, redisUrl, resources, concurrency)
      behindProxies.push(one)
      return one
    }
    const caught: Awaited<ReturnType<typeof catchAt>>[] = []
    // Each has as many jobs as it takes, so the next job is the next worker's.
    for (const stage of REDIS_STAGES) caught.push(await catchAt(system, (await start()).redis, stage))
    const { engine } = await start(ENGINE_STAGES.length - 1)
    for (const stage of ENGINE_STAGES) caught.push(await catchAt(system, engine, stage))
    const last = await start()
    caught.push(await catchAt(system, last.redis, RUNNING))
    // It also has a container that does not end by itself.
    resources.adopt(await startStubborn(labelsOf(nameOf(last.worker) ?? '')), discard)
    for (const { worker } of behindProxies) worker.signal('SIGKILL')
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
      expect(isTold(events, stage.events), `${stage.name}: ${tell(events)}`).toBe(true)
      expect(events.map((event) => event.id)).toEqual(ids(events))
    }
    await eventually(goneFrom(behindProxies.map(({ worker }) => worker)), {
      withinMs: GONE_MS - (performance.now() - killedAt),
    })
  })

  test('or is frozen for longer than its lock, has one outcome, and the late worker changes nothing', async ({
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
    // The program has ended meanwhile: its outcome waits in the frozen worker's socket, and is read first of all.
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

describe.concurrent('A job whose worker is told to stop', () => {
  test('while Redis hangs finishes exactly once, and the worker is gone in time', async ({ redisUrl, prefix }) => {
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
  test('are gone within 30 s, whatever runs in them; those of the living and of strangers stay', async ({
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
    // As before a power cut: the worker is known, and will never beat again.
    await directory.beat({ id: dead, isReady: true })
    const silentSince = performance.now()

    await eventually(
      async () => {
        await directory.beat({ id: alive, isReady: false })
        expect(await Promise.all(orphans.map(isThere))).toEqual(orphans.map(() => false))
      },
      { withinMs: GONE_MS, everyMs: 200 },
    )
    expect(performance.now() - silentSince).toBeLessThan(GONE_MS)
    expect(await Promise.all(others.map(isThere))).toEqual(others.map(() => true))
  })
})
