import { RequestError } from '@runnel/contract'
import type { Redis } from 'ioredis'

export interface HistoryPage {
  /** Newest first. */
  readonly ids: readonly string[]
  /** The cursor of the page after this one; absent on the last page. */
  readonly next?: string
}

export interface History {
  /** Lists the job. Listing it again with the same time changes nothing. */
  record(tenant: string, jobId: string, at: Date): Promise<void>
  /** Throws a RequestError for a cursor that no page has given. */
  list(tenant: string, page: { readonly limit: number; readonly cursor?: string }): Promise<HistoryPage>
}

/** Milliseconds fill 15 digits until the year 33658, so that text order is time order. */
const TIME_DIGITS = 15
const CURSOR = /^\d{15}:[A-Za-z0-9_-]{1,64}$/

const toMember = (atMs: number, jobId: string): string => `${String(atMs).padStart(TIME_DIGITS, '0')}:${jobId}`
const toJobId = (member: string): string => member.slice(TIME_DIGITS + 1)

/** One step, as one command: a transaction of three is five to send and to answer. ARGV: the member, what is too old, expiry in ms. */
const RECORD = `
redis.call('ZADD', KEYS[1], 0, ARGV[1])
redis.call('ZREMRANGEBYLEX', KEYS[1], '-', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])`

/**
 * A tenant's jobs as one sorted set, `<time>:<job id>` in text order: no two members are equal, so a cursor is simply the
 * last member of its page, and neither new jobs nor jobs of the same millisecond can shift a page. What is older than
 * the retention is never shown, and removed when a job is recorded.
 */
export const createHistory = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
}): History => {
  const { redis, prefix, retentionMs } = options
  const toKey = (tenant: string): string => `${prefix}:history:${tenant}`
  const oldest = (): string => toMember(Math.max(0, Date.now() - retentionMs), '')

  return {
    async record(tenant, jobId, at) {
      await redis.eval(RECORD, 1, toKey(tenant), toMember(at.getTime(), jobId), `(${oldest()}`, retentionMs)
    },

    async list(tenant, { limit, cursor }) {
      if (cursor !== undefined && !CURSOR.test(cursor)) {
        throw new RequestError(
          'invalid-request',
          `Cannot use the cursor ${JSON.stringify(cursor)}: give the \`next\` of a page`,
        )
      }
      const before = cursor === undefined ? '+' : `(${cursor}`
      const members = await redis.zrange(toKey(tenant), before, `[${oldest()}`, 'BYLEX', 'REV', 'LIMIT', 0, limit + 1)
      const page = members.slice(0, limit)
      const last = page.at(-1)
      const ids = page.map(toJobId)
      return members.length > limit && last !== undefined ? { ids, next: last } : { ids }
    },
  }
}
