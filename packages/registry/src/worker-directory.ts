import {
  RequestError,
  type ServedIsolation,
  servedIsolationSchema,
  WORKERS_LISTED,
  type Worker,
  type WorkerList,
} from '@runnel/contract/public'
import { createRedisKeys, type Redis } from '@runnel/redis'
import { z } from 'zod'
import { readReport, toWorker, type WorkerReport } from './worker-report.ts'
import {
  beatScript,
  countScript,
  drainScript,
  findDeadScript,
  leaveScript,
  listScript,
  sandboxRoomScript,
} from './worker-scripts.ts'

export interface WorkerCount {
  readonly ready: number
  /** Alive, and taking no jobs. */
  readonly notReady: number
  /** Alive, and drained by an operator. They are a part of `notReady`. */
  readonly drained: number
  /** What one of them gives programs instead of isolation `job`; absent if all give that. */
  readonly isolation?: ServedIsolation
}

/** Lasting sandboxes of all tenants. */
export interface SandboxRoom {
  /** How many the workers that are alive have room for; a worker that takes no more counts with those that it holds. */
  readonly bound: number
  /** How many there are, with those that are queued. */
  readonly living: number
  /** Workers that take jobs now. */
  readonly ready: number
}

export interface WorkerDirectory {
  /**
   * Reports that the worker is alive and what it does. Repeat it well within 15 s. Answers whether an operator has drained it:
   * then it does not count as ready, whatever it reports.
   */
  beat(id: string, report: WorkerReport): Promise<{ readonly isDrained: boolean }>
  /** The worker counts as dead from now on, and is no longer listed. */
  leave(id: string): Promise<void>
  /** The workers that were alive within the last 15 s. */
  count(): Promise<WorkerCount>
  sandboxRoom(): Promise<SandboxRoom>
  /** Those that are alive, then those that died within the last hour; a thousand at most. */
  list(): Promise<WorkerList>
  /**
   * Drains a worker or takes that back, tells it at once, and returns it as it is then. It stays drained as long as its
   * process lives. Throws a RequestError `worker-not-found` or `worker-dead`.
   */
  setDrained(id: string, isDrained: boolean): Promise<Worker>
  /** Which of these are dead: known here, and silent for 15 s. An unknown worker is not reported: it may use another Redis. */
  findDead(ids: readonly string[]): Promise<readonly string[]>
}

const countSchema = z.tuple([z.number(), z.number(), z.number()]).rest(z.unknown())

const roomSchema = z.tuple([z.number(), z.number(), z.number()])

const toWeaker = (json: unknown): Pick<WorkerCount, 'isolation'> => {
  const read = typeof json === 'string' ? servedIsolationSchema.safeParse(JSON.parse(json)) : undefined
  return read?.success === true ? { isolation: read.data } : {}
}

const toListed = (entry: unknown): readonly Worker[] => {
  const [id, seen, alive, drained, json]: unknown[] = Array.isArray(entry) ? entry : []
  const report = readReport(json)
  if (report === undefined) return []
  return [
    toWorker(String(id), report, {
      lastSeenAt: new Date(Number(seen)),
      isAlive: alive === 1,
      isDrained: drained === 1,
    }),
  ]
}

const aliveFirst = (one: Worker, other: Worker): number =>
  Number(other.alive) - Number(one.alive) || one.id.localeCompare(other.id)

const requireAlive = (id: string, worker: Worker | undefined): Worker => {
  if (worker === undefined) {
    throw new RequestError(
      'worker-not-found',
      'There is no worker with this id: it has stopped, or died more than an hour ago; GET /v1/workers lists those there are',
    )
  }
  if (worker.alive) return worker
  throw new RequestError(
    'worker-dead',
    `Cannot reach the worker ${id}: it was last seen at ${worker.lastSeenAt}, and takes no jobs anyway`,
  )
}

export const createWorkerDirectory = (options: { readonly redis: Redis; readonly prefix: string }): WorkerDirectory => {
  const { redis, prefix } = options
  const { workers, readyWorkers, drainedWorkers, weakerIsolation, workerReport, drainChannel, ...names } =
    createRedisKeys(prefix)
  const keys = [workers, readyWorkers, drainedWorkers]

  const find = async (
    ...ids: readonly [] | readonly [string]
  ): Promise<{ readonly workers: Worker[]; readonly total: number }> => {
    const found = await listScript(redis, [workers, drainedWorkers, workerReport('')], [WORKERS_LISTED, ...ids])
    const [total, entries]: unknown[] = Array.isArray(found) ? found : []
    return { workers: Array.isArray(entries) ? entries.flatMap(toListed) : [], total: Number(total) }
  }

  return {
    async beat(id, report) {
      const weaker = report.isolation.served === 'job' ? [] : [JSON.stringify(report.isolation)]
      const { running, bound } = report.sandboxes
      const args = [id, report.state === 'ready' ? '1' : '0', JSON.stringify(report), `${running} ${bound}`, ...weaker]
      const all = [...keys, workerReport(id), names.workerSandboxes, weakerIsolation]
      return { isDrained: (await beatScript(redis, all, args)) === 1 }
    },
    async leave(id) {
      await leaveScript(redis, [...keys, workerReport(id), names.workerSandboxes], [id])
    },
    async count() {
      const [alive, ready, drained, weaker] = countSchema.parse(await countScript(redis, [...keys, weakerIsolation]))
      return { ready, notReady: alive - ready, drained, ...toWeaker(weaker) }
    },
    async sandboxRoom() {
      const all = [workers, readyWorkers, names.workerSandboxes, names.sandboxes]
      const [bound, living, ready] = roomSchema.parse(await sandboxRoomScript(redis, all))
      return { bound, living, ready }
    },
    async list() {
      const all = await find()
      return { workers: all.workers.toSorted(aliveFirst), leftOut: Math.max(0, all.total - WORKERS_LISTED) }
    },
    async setDrained(id, isDrained) {
      await drainScript(redis, [...keys, drainChannel], [id, isDrained ? '1' : '0'])
      return requireAlive(id, (await find(id)).workers[0])
    },
    async findDead(ids) {
      if (ids.length === 0) return []
      const dead = await findDeadScript(redis, [workers], ids)
      return Array.isArray(dead) ? dead.map(String) : []
    },
  }
}
