import type { QueuedSandbox } from '@runnel/contract/internal'
import {
  RequestError,
  SANDBOX_LIMITS,
  type SandboxEnding,
  type SandboxStatus,
  sandboxStatusSchema,
} from '@runnel/contract/public'
import { createRedisKeys, KEPT_FIELDS, type Redis, type RedisCommand, toTenantField } from '@runnel/redis'
import { isCursor, toJobId, toMember } from './history-member.ts'
import { type Lease, readLease } from './leases.ts'
import { readSandboxRecord, type SandboxRecord, toFixed } from './sandbox-record.ts'
import { changeScript, endScript, forgetScript, startScript } from './sandbox-scripts.ts'

export type { SandboxRecord }

export interface SandboxQuery {
  /** Only those that are in one of these states. */
  readonly statuses?: readonly SandboxStatus[] | undefined
  /** Only those that have all of these texts. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
  /** The `next` of an earlier page: only older ones. */
  readonly cursor?: string | undefined
  /** How many to return, at most. */
  readonly count: number
}

export interface SandboxPage {
  /** Newest first. There may be fewer than asked for although there are more: then `next` is there. */
  readonly records: readonly SandboxRecord[]
  /** Where to continue. Absent if there are no more. */
  readonly next?: string
}

export interface LivingSandbox {
  readonly id: string
  readonly tenantId: string
}

/** In text order, so the sandboxes of a tenant are a range. */
export const toLivingMember = ({ tenantId, id }: LivingSandbox): string => `${tenantId}\0${id}`

export const readLivingMember = (member: string): LivingSandbox => {
  const [tenantId = '', id = ''] = member.split('\0')
  return { tenantId, id }
}

export interface SandboxRecords {
  /**
   * The commands that write the record of a new sandbox, list it, and count its bytes until it ends, in the step that puts it into
   * the queue.
   */
  acceptCommands(sandbox: QueuedSandbox): readonly RedisCommand[]
  /** `ended`: it was deleted while it waited, another worker has it, or it is unknown. Then do not let it run. */
  start(id: string, times: { readonly startedAt: Date; readonly endsAt: Date }): Promise<'started' | 'ended'>
  /** False if it does not live any more. */
  setTimes(
    id: string,
    times: { readonly timeoutMs: number; readonly idleTimeoutMs: number; readonly endsAt: Date },
  ): Promise<boolean>
  /** False if it does not live any more. */
  setPaused(id: string, isPaused: boolean): Promise<boolean>
  /** Notes how it ended, once, with a sentence if the word says too little: false if it has ended before, or is unknown. */
  end(id: string, ending: SandboxEnding, message?: string): Promise<boolean>
  /** Undefined if it is unknown, or if its retention is over. */
  read(id: string): Promise<SandboxRecord | undefined>
  /** The same with its lease, in one round trip. Each is undefined where there is none. */
  readWithLease(id: string): Promise<{ readonly record: SandboxRecord | undefined; readonly lease: Lease | undefined }>
  /** In the same order, in one round trip. Undefined where there is no record. */
  statuses(ids: readonly string[]): Promise<readonly (SandboxStatus | undefined)[]>
  list(tenantId: string, query: SandboxQuery): Promise<SandboxPage>
  /** All that have not ended, of all tenants. */
  living(): Promise<readonly LivingSandbox[]>
  /** How many of a tenant have not ended. */
  countLiving(tenantId: string): Promise<number>
  /** Takes it out of those that live although there is no record of it: Redis removed that, because nobody noted an end. */
  forget(sandbox: LivingSandbox): Promise<void>
}

/** Until a sandbox starts, its record is kept this much longer than its retention. */
const WAIT_MS = SANDBOX_LIMITS.timeoutMs.maximum
/** What a sandbox that lives costs Redis, with its lease and its places in sets, besides what the record says of it. */
export const RECORD_BYTES = 2_048
/** How long the list of a tenant's sandboxes is kept. */
export const listedMs = (retentionMs: number): number => WAIT_MS + retentionMs
/** How many records are read for one page, at most. */
const RECORDS_READ = 1_000

/**
 * The records of lasting sandboxes: one hash for each, a list for each tenant, and the set of those that have not ended.
 *
 *   accepted ──▶ queued ──▶ running ⇄ paused ──▶ ended, with its ending; kept for the retention
 *                   └──────────────────────────────▲
 */
export const createSandboxRecords = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
}): SandboxRecords => {
  const { redis, prefix, retentionMs } = options
  const keys = createRedisKeys(prefix)
  const listMs = listedMs(retentionMs)

  const keptMs = (endsAt: Date): number => Math.max(0, endsAt.getTime() - Date.now()) + retentionMs

  const change = async (id: string, forMs: number, fields: readonly (string | number)[]): Promise<boolean> =>
    (await changeScript(redis, [keys.sandboxRecord(id)], [forMs, ...fields])) === 1

  const read = async (ids: readonly string[]): Promise<readonly (SandboxRecord | undefined)[]> => {
    const step = redis.pipeline()
    for (const id of ids) step.hgetall(keys.sandboxRecord(id))
    const answers = (await step.exec()) ?? []
    return answers.map(([error, fields], at) => {
      if (error !== null) throw error
      return readSandboxRecord(ids[at] ?? '', fields)
    })
  }

  return {
    acceptCommands(sandbox) {
      const { id, tenantId, submittedAt, timeoutMs, idleTimeoutMs } = sandbox
      const [record, list] = [keys.sandboxRecord(id), keys.sandboxesOf(tenantId)]
      const oldest = toMember(Math.max(0, Date.now() - listMs), '')
      const fixed = toFixed(sandbox)
      const fields = { tenant: tenantId, fixed, timeoutMs, idleTimeoutMs }
      const bytes = RECORD_BYTES + Buffer.byteLength(fixed)
      return [
        ['HSET', keys.keptJob(id), KEPT_FIELDS.tenant, tenantId, KEPT_FIELDS.rest, bytes],
        ['HINCRBY', keys.kept, 'all', bytes],
        ['HINCRBY', keys.kept, toTenantField(tenantId), bytes],
        // Not HSET: when the answer was lost and this is sent again, the sandbox may run already.
        ['HSETNX', record, 'status', 'queued'],
        ['HSET', record, ...Object.entries(fields).flat()],
        ['PEXPIRE', record, listMs],
        ['ZADD', keys.sandboxes, 0, toLivingMember(sandbox)],
        ['ZADD', list, 0, toMember(Date.parse(submittedAt), id)],
        ['ZREMRANGEBYLEX', list, '-', `(${oldest}`],
        ['PEXPIRE', list, listMs],
      ]
    },

    async start(id, { startedAt, endsAt }) {
      const args = [id, startedAt.getTime(), endsAt.getTime(), keptMs(endsAt), keys.sandboxChannel]
      return (await startScript(redis, [keys.sandboxRecord(id)], args)) === 1 ? 'started' : 'ended'
    },

    setTimes: (id, { timeoutMs, idleTimeoutMs, endsAt }) =>
      change(id, keptMs(endsAt), ['timeoutMs', timeoutMs, 'idleTimeoutMs', idleTimeoutMs, 'endsAt', endsAt.getTime()]),

    async setPaused(id, isPaused) {
      const endsAt = await redis.hget(keys.sandboxRecord(id), 'endsAt')
      return change(id, keptMs(new Date(Number(endsAt))), ['status', isPaused ? 'paused' : 'running'])
    },

    async end(id, ending, message = '') {
      const names = [keys.sandboxRecord(id), keys.sandboxes, keys.kept, keys.keptJob(id)]
      return (await endScript(redis, names, [id, ending, Date.now(), retentionMs, keys.sandboxChannel, message])) === 1
    },

    async read(id) {
      return readSandboxRecord(id, await redis.hgetall(keys.sandboxRecord(id)))
    },

    async readWithLease(id) {
      const answers = (await redis.pipeline().hgetall(keys.sandboxRecord(id)).get(keys.lease(id)).exec()) ?? []
      for (const [error] of answers) if (error !== null) throw error
      const [fields, lease] = answers.map(([, answer]) => answer)
      return { record: readSandboxRecord(id, fields), lease: readLease(lease) }
    },

    async statuses(ids) {
      if (ids.length === 0) return []
      const step = redis.pipeline()
      for (const id of ids) step.hget(keys.sandboxRecord(id), 'status')
      return ((await step.exec()) ?? []).map(([error, status]) => {
        if (error !== null) throw error
        return sandboxStatusSchema.optional().parse(status ?? undefined)
      })
    },

    async list(tenantId, { statuses, metadata = {}, cursor, count }) {
      if (cursor !== undefined && !isCursor(cursor)) {
        throw new RequestError(
          'invalid-request',
          `Cannot use the cursor ${JSON.stringify(cursor)}: send the \`next\` of a page`,
        )
      }
      const isWanted = (record: SandboxRecord): boolean =>
        (statuses === undefined || statuses.includes(record.status)) &&
        Object.entries(metadata).every(([name, value]) => record.metadata[name] === value)
      const from = cursor === undefined ? '+' : `(${cursor}`
      const list = keys.sandboxesOf(tenantId)
      const found = await redis.zrange(list, from, '-', 'BYLEX', 'REV', 'LIMIT', 0, RECORDS_READ)
      const records: SandboxRecord[] = []
      for (const [at, record] of (await read(found.map(toJobId))).entries()) {
        if (record === undefined || !isWanted(record)) continue
        records.push(record)
        const isLast = at + 1 === found.length && found.length < RECORDS_READ
        const next = found[at]
        if (records.length === count) return { records, ...(isLast || next === undefined ? {} : { next }) }
      }
      const next = found.length < RECORDS_READ ? undefined : found.at(-1)
      return { records, ...(next === undefined ? {} : { next }) }
    },

    async living() {
      return (await redis.zrange(keys.sandboxes, 0, -1)).map(readLivingMember)
    },
    countLiving: (tenantId) => redis.zlexcount(keys.sandboxes, `[${tenantId}\0`, `(${tenantId}\x01`),
    async forget(sandbox) {
      const names = [keys.sandboxes, keys.kept, keys.keptJob(sandbox.id)]
      await forgetScript(redis, names, [toLivingMember(sandbox)])
    },
  }
}
