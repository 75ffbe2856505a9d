import type { SandboxEnding } from '@runnel/contract/public'
import { createRedisKeys, KEPT_FIELDS, type Redis, type RedisCommand, toTenantField } from '@runnel/redis'
import { toMember } from './history-member.ts'
import { type NewSandbox, type SandboxRecord, toFixed } from './sandbox-record.ts'
import { listedMs, RECORD_BYTES, readLivingMember, toLivingMember } from './sandbox-records.ts'
import { changeScript, endScript } from './sandbox-scripts.ts'

type SiteTimes = Pick<SandboxRecord, 'timeoutMs' | 'idleTimeoutMs'>

/** When it ends if it is not used again, in milliseconds since 1970. */
const toDue = (usedAt: number, { endsAt, idleTimeoutMs }: Pick<SandboxRecord, 'endsAt' | 'idleTimeoutMs'>): number =>
  Math.min(usedAt + idleTimeoutMs, endsAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(endsAt))

export interface Sites {
  /** The commands that write the record of a new site, in the step that accepts its job. It runs at once. */
  acceptCommands(site: NewSandbox): readonly RedisCommand[]
  /** It is used now, and so not idle. */
  touch(site: SandboxRecord): Promise<void>
  /** Counts from now. Returns when it ends, or undefined if it does not live any more. */
  setTimes(site: SandboxRecord, times: SiteTimes): Promise<string | undefined>
  /** Notes how it ended, once: false if it has ended before, or is unknown. */
  end(site: Pick<SandboxRecord, 'id' | 'tenantId'>, ending: SandboxEnding): Promise<boolean>
  /** Those whose time is over, and those that nobody used, a hundred at most. */
  due(): Promise<readonly Pick<SandboxRecord, 'id' | 'tenantId'>[]>
}

const DUE_AT_ONCE = 100

/**
 * Sites are sandboxes without a place: a record, and files that the API serves. No worker holds them, so they are in a set of their
 * own, sorted by when each ends.
 */
export const createSites = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
}): Sites => {
  const { redis, prefix, retentionMs } = options
  const keys = createRedisKeys(prefix)
  return {
    acceptCommands(site) {
      const { id, tenantId, submittedAt, timeoutMs, idleTimeoutMs } = site
      const startedAt = Date.parse(submittedAt)
      const endsAt = startedAt + timeoutMs
      const fixed = toFixed(site)
      const [record, list] = [keys.sandboxRecord(id), keys.sandboxesOf(tenantId)]
      const fields = { tenant: tenantId, status: 'running', fixed, timeoutMs, idleTimeoutMs, startedAt, endsAt }
      const bytes = RECORD_BYTES + Buffer.byteLength(fixed)
      return [
        ['HSET', keys.keptJob(id), KEPT_FIELDS.tenant, tenantId, KEPT_FIELDS.rest, bytes],
        ['HINCRBY', keys.kept, 'all', bytes],
        ['HINCRBY', keys.kept, toTenantField(tenantId), bytes],
        ['HSET', record, ...Object.entries(fields).flat()],
        ['PEXPIRE', record, timeoutMs + retentionMs],
        ['ZADD', keys.sites, startedAt + Math.min(timeoutMs, idleTimeoutMs), toLivingMember(site)],
        ['ZADD', list, 0, toMember(startedAt, id)],
        ['PEXPIRE', list, listedMs(retentionMs)],
      ]
    },

    async touch(site) {
      await redis.zadd(keys.sites, 'XX', toDue(Date.now(), site), toLivingMember(site))
    },

    async setTimes(site, { timeoutMs, idleTimeoutMs }) {
      const now = Date.now()
      const endsAt = now + timeoutMs
      const fields = ['timeoutMs', timeoutMs, 'idleTimeoutMs', idleTimeoutMs, 'endsAt', endsAt]
      if ((await changeScript(redis, [keys.sandboxRecord(site.id)], [timeoutMs + retentionMs, ...fields])) !== 1)
        return undefined
      await redis.zadd(keys.sites, 'XX', Math.min(endsAt, now + idleTimeoutMs), toLivingMember(site))
      return new Date(endsAt).toISOString()
    },

    async end(site, ending) {
      const names = [keys.sandboxRecord(site.id), keys.sites, keys.kept, keys.keptJob(site.id)]
      const isEnd =
        (await endScript(redis, names, [site.id, ending, Date.now(), retentionMs, keys.sandboxChannel, ''])) === 1
      // Where Redis has lost the record, this is all that is left of it.
      if (!isEnd) await redis.zrem(keys.sites, toLivingMember(site))
      return isEnd
    },

    async due() {
      const members = await redis.zrange(keys.sites, '-inf', Date.now(), 'BYSCORE', 'LIMIT', 0, DUE_AT_ONCE)
      return members.map(readLivingMember)
    },
  }
}
