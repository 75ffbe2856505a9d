import { randomBytes } from 'node:crypto'
import type { QueuedJob } from '@runnel/contract/internal'
import { defaultLimits } from '@runnel/contract/public'
import { createLogger } from '@runnel/process'
import { connectRedis } from '@runnel/redis'
import { NO_KEPT_BOUNDS } from '@runnel/redis/testing'
import { type Consumer, createConsumer, type Delivery, type Verdict } from '../src/consumer.ts'
import { createProducer, type QueueBounds } from '../src/producer.ts'

export const RETENTION_MS = 60_000
/** More than any test needs, except the tests of the bounds. */
const BOUNDS = { queued: 50_000, tenant: { queued: 10_000, running: 1_000 } }
/** Short, so that recovery takes 3 s here instead of 25 s as in production. */
export const LOCK_MS = 2_000

export const newJob = (tenantId = 'default'): QueuedJob => ({
  id: `job_${randomBytes(16).toString('hex')}`,
  tenantId,
  isolation: 'job',
  submittedAt: new Date().toISOString(),
  program: {
    language: 'python',
    files: [{ path: 'main.py', content: 'print(1)', encoding: 'utf8' }],
    entry: 'main.py',
    args: [],
    env: {},
    stdin: '',
    interactive: true,
  },
  limits: defaultLimits(),
})

const recordLog = () => {
  const lines: { level: number; msg: string; err?: { message: string } }[] = []
  const write = (line: string) => lines.push(JSON.parse(line))
  return { lines, log: createLogger({ name: 'test', level: 'info', destination: { write } }) }
}

export type Handler = (delivery: Delivery) => Promise<Verdict>

/** The parts of an API and of any number of workers, each with its own connections. */
export const connectParts = (
  url: string,
  prefix: string,
  resources: AsyncDisposableStack,
  { bounds = BOUNDS }: { readonly bounds?: QueueBounds } = {},
) => {
  const { lines, log } = recordLog()
  const connect = (role: 'command' | 'blocking') =>
    resources.adopt(connectRedis(url, { role, log }), (redis) => redis.disconnect())
  const command = connect('command')
  const producer = resources.use(
    createProducer({ redis: command, prefix, retentionMs: RETENTION_MS, bounds, keptBounds: NO_KEPT_BOUNDS }),
  )
  return {
    lines,
    command,
    producer,
    consume(handler: Handler, { concurrency = 4, lockMs = LOCK_MS } = {}): Consumer {
      const options = { redis: connect('blocking'), prefix, concurrency, retentionMs: RETENTION_MS, lockMs, log }
      return resources.adopt(createConsumer(options, handler), (consumer) => consumer.stop(0))
    },
  }
}

/** Resolves when the signal aborts, with its reason. */
export const aborted = (signal: AbortSignal): Promise<unknown> => {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  signal.addEventListener('abort', () => resolve(signal.reason), { once: true })
  if (signal.aborted) resolve(signal.reason)
  return promise
}

export { findQueueLeftovers as findLeftovers } from '@runnel/redis/testing'
