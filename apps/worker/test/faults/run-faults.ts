import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'
import { type Job, type JobEvent, jobSchema } from '@runnel/contract/public'
import { createLogger } from '@runnel/process'
import { connectRedis, type Redis } from '@runnel/redis'
import { eventually, startRedis } from '@runnel/testing'
import { containersOf, type Process, type System, startSystem } from '@runnel/testing/system'
import { checkJobs } from './check-jobs.ts'
import { startFaultyEngine } from './fault-proxies.ts'
import { injectFaults } from './inject-faults.ts'
import { nextTask, type Task } from './load.ts'
import { createRandom, type Random } from './random.ts'
import { TRANSPORTS, watchJob } from './watch-job.ts'

const LOCK_MS = 2_000
const WORKERS = 3
const CONCURRENCY = 8
const SUBMITTERS = 4
/** Jobs that are unfinished at once: half of them wait. */
const AT_ONCE = WORKERS * CONCURRENCY * 2
/**
 * How long the last jobs may take after the last fault: a lock, a stalled check, and the longest program, on a
 * busy machine.
 */
const SETTLE_MS = 120_000

const ENV = {
  RUNNEL_LANGUAGES: 'python,bash',
  RUNNEL_POOL_MIN: '2',
  RUNNEL_POOL_MAX: '8',
  RUNNEL_CONCURRENCY: String(CONCURRENCY),
  RUNNEL_LOCK_MS: String(LOCK_MS),
  RUNNEL_SHUTDOWN_GRACE_MS: '1000',
  RUNNEL_ENGINE_TIMEOUT_MS: '5000',
}

/**
 * How many of the jobs may end as `sandbox-failed`. A job that is hit by a fault starts again; it fails only if it is hit
 * again and again.
 */
export const OUR_FAILURES_SHARE = 0.01

/** An accepted job, and what its watcher saw. */
export interface Accepted {
  readonly id: string
  readonly task: Task
  readonly watched: Promise<readonly JobEvent[]>
}

export interface Report {
  readonly accepted: number
  readonly refused: number
  readonly ourFailures: number
  readonly attempts: number
  readonly faults: ReadonlyMap<string, number>
}

/** Sends a request until it succeeds. An API that is away, or has no Redis, answers with an error or not at all. */
const insist = async (ask: () => Promise<Response>, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    const status = await ask().then(
      (answer) => answer.status,
      () => 0,
    )
    if (status === 200) return
    await delay(200)
  }
}

const submit = async (system: System, { job }: Task): Promise<Job | undefined> => {
  try {
    const answer = await system.call('POST', '/v1/jobs', job)
    return answer.status === 202 ? jobSchema.parse(await answer.json()) : undefined
  } catch {
    return undefined
  }
}

/** Submits at the pace at which jobs end, until there are enough of them. Every accepted job is watched. */
const keepBusy = async (
  system: System,
  random: Random,
  options: {
    readonly isEnough: (accepted: number) => boolean
    readonly signal: AbortSignal
  },
) => {
  const { isEnough, signal } = options
  const accepted: Accepted[] = []
  const unfinished = new Set<string>()
  let refused = 0

  const submitOne = async (): Promise<void> => {
    const task = nextTask(random)
    const [transport, pauseMs, lateMs] = [random.pick(TRANSPORTS), random.pick([0, 0, 0, 5]), random.pick([0, 0, 500])]
    const job = await submit(system, task)
    if (job === undefined) {
      refused += 1
      await delay(100)
      return
    }
    const { id } = job
    unfinished.add(id)
    const url = `${system.url}/v1/jobs/${id}/events`
    const watched = delay(lateMs).then(() => watchJob(url, transport, { pauseMs, signal }))
    watched.then(() => unfinished.delete(id)).catch(() => {})
    accepted.push({ id, task, watched })
    if (task.cancelAfterMs !== undefined) {
      void delay(task.cancelAfterMs).then(() => insist(() => system.call('DELETE', `/v1/jobs/${id}`), signal))
    }
  }
  const submitOn = async (): Promise<void> => {
    while (!isEnough(accepted.length) && !signal.aborted) {
      if (unfinished.size < AT_ONCE) await submitOne()
      else await delay(20)
    }
  }
  await Promise.all(Array.from({ length: SUBMITTERS }, submitOn))
  return { accepted, refused }
}

/** How many connections to Redis there are of each name. */
const countConnections = async (redis: Redis): Promise<Record<string, number>> => {
  const clients = String(await redis.client('LIST'))
    .trimEnd()
    .split('\n')
  const counts: Record<string, number> = {}
  for (const client of clients) {
    const name = / name=(\S*)/.exec(client)?.[1] ?? ''
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

const requireNoContainers = async (dead: readonly Process[]): Promise<void> => {
  const left = (await Promise.all(dead.map(containersOf))).flat()
  if (left.length > 0) throw new Error(`Dead workers left ${left.length} containers`)
}

/**
 * Runs jobs while all parts around them break. Then checks that each accepted job finished exactly once, that each
 * watcher got all events and none twice, and that nothing is left. The seed decides everything, except the timing.
 */
export const runFaults = async (options: {
  readonly seed: number
  /** Faults are injected for this long, and until each was injected once … */
  readonly forMs: number
  /** … and jobs are submitted for this long, and until there are this many. */
  readonly jobs: number
  readonly testRun: string
  /** Called when a fault is injected. */
  readonly onFault?: (fault: string) => void
}): Promise<Report> => {
  const { seed, forMs, jobs, testRun, onFault = () => {} } = options
  await using resources = new AsyncDisposableStack()
  const redis = resources.use(await startRedis(testRun))
  const engine = resources.use(await startFaultyEngine())
  const prefix = `{runnel-faults-${randomUUID().slice(0, 8)}}`
  const log = createLogger({ name: 'test', level: 'silent' })
  const inspection = resources.adopt(connectRedis(redis.url, { role: 'command', log }), (one) => one.disconnect())
  const env = { ...ENV, DOCKER_HOST: engine.host }
  const system = resources.use(await startSystem({ redisUrl: redis.url, prefix, workers: WORKERS, env }))

  const connections = await countConnections(inspection)

  const giveUp = new AbortController()
  const command = (...words: [string, ...string[]]) => inspection.call(...words)
  const target = { system, redis, command, engine, lockMs: LOCK_MS }
  let isDoneInjecting = false
  let overdue: NodeJS.Timeout | undefined
  resources.defer(() => clearTimeout(overdue))
  const injecting = injectFaults(target, createRandom(seed), { signal: AbortSignal.timeout(forMs), onFault }).finally(
    () => {
      isDoneInjecting = true
      overdue = setTimeout(() => giveUp.abort(), SETTLE_MS)
    },
  )
  // Then something stays broken, and waiting for more makes no sense.
  injecting.catch(() => giveUp.abort())
  const { accepted, refused } = await keepBusy(system, createRandom(seed + 1), {
    isEnough: (count) => count >= jobs && isDoneInjecting,
    signal: giveUp.signal,
  })
  const faults = await injecting
  await Promise.allSettled(accepted.map(({ watched }) => watched))
  const left: string[] = []
  const note = (error: unknown): void => void left.push(String(error))
  const dead = system.workers.filter(({ hasExited }) => hasExited)
  const [{ wrong, ourFailures, attempts }] = await Promise.all([
    checkJobs({ system, accepted, redis: inspection, prefix }),
    eventually(() => requireNoContainers(dead), { withinMs: 30_000 }).catch(note),
    eventually(async () => assert.deepEqual(await countConnections(inspection), connections), {
      withinMs: 15_000,
    }).catch(note),
  ])
  if (wrong.length + left.length > 0) {
    throw new Error(
      `Of ${accepted.length} jobs, ${wrong.length} are wrong (seed ${seed}, ${inspect(faults)}):\n${[...left, ...wrong].join('\n')}`,
    )
  }
  return { accepted: accepted.length, refused, ourFailures, attempts, faults }
}
