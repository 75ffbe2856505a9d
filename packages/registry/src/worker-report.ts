import { servedIsolationSchema, type Worker, type WorkerState, workerSchema } from '@runnel/contract/public'
import { z } from 'zod'

/** What a worker says about itself with each beat. */
const reportSchema = z.object({
  host: z.string(),
  version: z.string(),
  startedAt: z.iso.datetime(),
  concurrency: z.int().positive(),
  busy: z.int().nonnegative(),
  pool: z.object(workerSchema.shape.pool.shape),
  /** A worker that does not say it is older, and holds none. */
  sandboxes: z.object(workerSchema.shape.sandboxes.shape).default({ running: 0, bound: 0 }),
  /** A worker that does not say it is older, and has no cells. */
  isolation: z.object(servedIsolationSchema.shape).default({ served: 'container', reason: 'It is older than cells.' }),
  /** Whether it could take jobs. Whether it is drained, and dead, the directory knows. */
  state: z.enum(['ready', 'starting', 'no-engine', 'stopping']),
  /** Why it can make no sandboxes. */
  fault: z.string().optional(),
})
export type WorkerReport = z.output<typeof reportSchema>

/** Undefined if it cannot be read, perhaps because a worker of another version wrote it. */
export const readReport = (json: unknown): WorkerReport | undefined => {
  const read = reportSchema.safeParse(JSON.parse(String(json)))
  return read.success ? read.data : undefined
}

interface Circumstances {
  readonly lastSeenAt: Date
  readonly isAlive: boolean
  readonly isDrained: boolean
}

const toState = ({ state, busy }: WorkerReport, { isAlive, isDrained }: Circumstances): WorkerState => {
  if (!isAlive) return 'dead'
  if (state === 'stopping' || state === 'no-engine' || !isDrained) return state
  return busy > 0 ? 'draining' : 'drained'
}

const toJobs = (count: number): string => (count === 1 ? '1 running job ends' : `${count} running jobs end`)

const toReason = (
  state: WorkerState,
  { busy, fault = 'the reason is in its log' }: WorkerReport,
): string | undefined => {
  switch (state) {
    case 'ready':
      return undefined
    case 'starting':
      return 'It has just started and checks whether it can make sandboxes.'
    case 'no-engine':
      return `It can make no sandboxes: ${fault}. It tries again every second.`
    case 'draining':
      return `It was told to take no new jobs; ${toJobs(busy)} first.`
    case 'drained':
      return 'It was told to take no new jobs, and none runs. Resume it, or stop it.'
    case 'stopping':
      return busy === 0 ? 'It is stopping.' : `It is stopping; ${toJobs(busy)} first, within its shutdown grace.`
    case 'dead':
      return 'It was not seen for 15 s: it died, or cannot reach Redis. Other workers run its jobs again.'
  }
}

/** What an operator sees of a worker. */
export const toWorker = (id: string, report: WorkerReport, circumstances: Circumstances): Worker => {
  const { host, version, startedAt, concurrency, busy, pool, sandboxes, isolation } = report
  const state = toState(report, circumstances)
  const reason = toReason(state, report)
  return {
    id,
    host,
    version,
    alive: circumstances.isAlive,
    ready: state === 'ready',
    state,
    ...(reason === undefined ? {} : { reason }),
    drained: circumstances.isDrained,
    busy,
    concurrency,
    pool,
    sandboxes,
    isolation,
    startedAt,
    lastSeenAt: circumstances.lastSeenAt.toISOString(),
  }
}
