import { randomBytes } from 'node:crypto'
import type { QueuedJob } from '@runnel/contract/internal'
import { defaultLimits, type JobEvent, jobEventSchema, type Outcome } from '@runnel/contract/public'
import { createLogger } from '@runnel/process'
import { connectRedis, createRedisKeys } from '@runnel/redis'
import { NO_KEPT_BOUNDS } from '@runnel/redis/testing'
import { readStored } from '../src/log-entry.ts'
import { createLogWriter } from '../src/log-writer.ts'
import { createPublisher } from '../src/publisher.ts'
import { createSubscriber, type LogEntry, type Subscriber } from '../src/subscriber.ts'

export const RETENTION_MS = 60_000
export const EXITED: Outcome = { type: 'exited', exitCode: 0 }
export const USAGE = { wallMs: 1, cpuMs: 1, peakMemoryBytes: null }

export const newJob = (): QueuedJob => ({
  id: `job_${randomBytes(16).toString('hex')}`,
  tenantId: 'default',
  isolation: 'job',
  submittedAt: new Date().toISOString(),
  program: {
    language: 'python',
    files: [{ path: 'main.py', content: 'print(1)', encoding: 'utf8' }],
    entry: 'main.py',
    args: [],
    env: {},
    stdin: '',
    interactive: false,
  },
  limits: defaultLimits(),
})

/** The parts of an API and of a worker, each with its own connections. */
export const connectParts = (
  url: string,
  prefix: string,
  resources: AsyncDisposableStack,
  keptBounds = NO_KEPT_BOUNDS,
) => {
  const log = createLogger({ name: 'test', level: 'silent' })
  const connect = (role: 'command' | 'subscriber') =>
    resources.adopt(connectRedis(url, { role, log }), (redis) => redis.disconnect())
  const redis = connect('command')
  const subscription = connect('subscriber')
  const keys = createRedisKeys(prefix)
  const settings = { redis, prefix, retentionMs: RETENTION_MS, keptBounds }
  const subscriber = resources.use(createSubscriber({ redis, subscriber: subscription, prefix, log }))
  /** The whole log, with earlier attempts; empty if there is none. */
  const read = async (jobId: string): Promise<JobEvent[]> => {
    const entries = await redis.xrange(keys.events(jobId), '-', '+')
    return entries.map((entry) => jobEventSchema.parse(JSON.parse(readStored(entry).json)))
  }
  const logWriter = createLogWriter(settings)
  /** Starts the log of a job, as a submission does. */
  const start = async (job: QueuedJob): Promise<void> => {
    for (const [name, ...args] of logWriter.startCommands(job)) await redis.call(name, ...args)
  }
  return {
    redis,
    keys,
    subscription,
    logWriter: { ...logWriter, start },
    publisher: createPublisher(settings),
    subscriber: { ...subscriber, read },
  }
}

export const text = (data: string): Uint8Array => new Uint8Array(Buffer.from(data))

export const ready = (...connections: readonly { readonly status: string }[]): boolean =>
  connections.every(({ status }) => status === 'ready')

/** Follows in the background and collects the events. */
export const watch = (subscriber: Subscriber, jobId: string, after?: string) => {
  const controller = new AbortController()
  const { signal } = controller
  const entries: LogEntry[] = []
  const follow = async (): Promise<void> => {
    const options = after === undefined ? { signal } : { after, signal }
    for await (const entry of subscriber.follow(jobId, options)) entries.push(entry)
  }
  const ended = follow()
  return {
    entries,
    ended,
    ids: () => entries.map(({ id }) => id),
    async leave() {
      controller.abort()
      await ended
    },
  }
}

/** The output, as a client joins it from the events. */
export const printed = (
  entries: readonly Pick<LogEntry, 'type' | 'json'>[],
  stream: 'stdout' | 'stderr' = 'stdout',
): string =>
  Buffer.concat(
    entries
      .filter(({ type }) => type === stream)
      .map(({ json }) => JSON.parse(json))
      .map(({ data, encoding }) => Buffer.from(data, encoding)),
  ).toString()

/** The ids that a log must have: no gap, nothing twice, attempt after attempt. */
export const idsOf = (...counts: readonly number[]): string[] =>
  counts.flatMap((count, attempt) => Array.from({ length: count }, (_, at) => `${attempt}-${at + 1}`))
