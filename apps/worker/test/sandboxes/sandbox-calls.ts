import { randomBytes } from 'node:crypto'
import { type QueuedSandbox, queuedSandboxSchema } from '@runnel/contract/internal'
import { SANDBOX_LIMITS } from '@runnel/contract/public'
import { createGateway, type Gateway } from '@runnel/gateway/client'
import { createLogger } from '@runnel/process'
import { createProducer } from '@runnel/queue/producer'
import { connectRedis, type Redis } from '@runnel/redis'
import {
  createLeases,
  createSandboxIds,
  createSandboxRecords,
  type Leases,
  type SandboxRecords,
} from '@runnel/registry'
import { eventually } from '@runnel/testing'

/** What the API does with sandboxes, without its routes. */
export interface SandboxCalls extends AsyncDisposable {
  readonly redis: Redis
  readonly records: SandboxRecords
  readonly leases: Leases
  readonly gateway: Gateway
  /** Resolves when it runs. */
  create(given?: Partial<QueuedSandbox>): Promise<string>
  /** Puts it into the queue, and does not wait. */
  enqueue(given?: Partial<QueuedSandbox>): Promise<string>
  /** Runs a line in the background and resolves with what it printed and how it ended. */
  run(sandboxId: string, command: string): Promise<{ readonly output: string; readonly outcome: unknown }>
  /** Resolves with how it ended. */
  ending(sandboxId: string, withinMs?: number): Promise<string>
}

const RETENTION_MS = 60_000
const UNBOUND = { all: Number.MAX_SAFE_INTEGER, tenant: Number.MAX_SAFE_INTEGER }

export const newCommandId = (): string => `cmd-${randomBytes(8).toString('hex')}`

/** A background command, with what a test does not care about. */
export const background = (command: string) => ({
  commandId: newCommandId(),
  command,
  env: {},
  background: true,
  interactive: false,
  timeoutMs: null,
  outputBytes: null,
  waitMs: 0,
})

export const createSandboxCalls = async (options: {
  readonly redisUrl: string
  readonly prefix: string
}): Promise<SandboxCalls> => {
  const { redisUrl, prefix } = options
  const parts = new AsyncDisposableStack()
  const log = createLogger({ name: 'test', level: 'silent' })
  const redis = parts.adopt(connectRedis(redisUrl, { role: 'command', log }), (connection) => connection.disconnect())
  await eventually(() => redis.status === 'ready')
  const common = { redis, prefix, retentionMs: RETENTION_MS }
  const bounds = { queued: 1_000, tenant: { queued: 1_000, running: 1_000 } }
  const producer = parts.use(createProducer({ ...common, bounds, keptBounds: UNBOUND }))
  const records = createSandboxRecords(common)
  const leases = createLeases(common)
  const ids = createSandboxIds(common)
  const gateway = parts.use(createGateway({ records, leases }))

  const enqueue: SandboxCalls['enqueue'] = async (given = {}) => {
    const tenantId = given.tenantId ?? 'acme'
    const id = await ids.create(tenantId)
    const sandbox = queuedSandboxSchema.parse({
      kind: 'sandbox',
      id,
      tenantId,
      submittedAt: new Date().toISOString(),
      template: 'python',
      limits: {
        memoryBytes: 256 * 1024 * 1024,
        diskBytes: 64 * 1024 * 1024,
        processes: SANDBOX_LIMITS.processes.default,
      },
      env: {},
      workDir: '/home/user',
      metadata: {},
      files: [],
      timeoutMs: 120_000,
      idleTimeoutMs: 120_000,
      autoResume: false,
      keyId: null,
      ...given,
    })
    await producer.enqueue(sandbox, { commands: records.acceptCommands(sandbox) })
    return id
  }

  const readText = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
    const bytes: Uint8Array[] = []
    for await (const part of body) bytes.push(part)
    return Buffer.concat(bytes).toString()
  }

  return {
    redis,
    records,
    leases,
    gateway,
    enqueue,
    async create(given) {
      const id = await enqueue(given)
      await eventually(
        async () => {
          const record = await records.read(id)
          if (record?.status !== 'running') throw new Error(`The sandbox is ${record?.status}: ${record?.ending}`)
        },
        { withinMs: 30_000, everyMs: 20 },
      )
      return id
    },
    async run(sandboxId, command) {
      const request = background(command)
      await gateway.call(sandboxId, 'start-command', request)
      const { body } = await gateway.call(sandboxId, 'command-events', { commandId: request.commandId, follow: true })
      const events = (await readText(body))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
      const output = events.filter(({ type }) => type === 'stdout' || type === 'stderr').map(({ data }) => data)
      return { output: output.join(''), outcome: events.at(-1)?.outcome }
    },
    ending: (sandboxId, withinMs = 20_000) =>
      eventually(
        async () => {
          const record = await records.read(sandboxId)
          if (record?.ending === undefined) throw new Error(`The sandbox is ${record?.status}`)
          return record.ending
        },
        { withinMs, everyMs: 50 },
      ),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
