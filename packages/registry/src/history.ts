import { RequestError } from '@runnel/contract/public'
import { createRedisKeys, type Redis, type RedisCommand } from '@runnel/redis'

export interface HistoryPage {
  /** Newest first. */
  readonly ids: readonly string[]
  /** The cursor of the next page; absent on the last page. */
  readonly next?: string
}

export interface History {
  /** The commands that add a job to the history. Sending them again changes nothing. */
  addCommands(tenantId: string, jobId: string, at: Date): readonly RedisCommand[]
  /** Throws a RequestError for a cursor that no page has given. */
  list(tenantId: string, page: { readonly limit: number; readonly cursor?: string }): Promise<HistoryPage>
}

/** Enough digits for milliseconds until the year 33658, so that text order is time order. */
const TIME_DIGITS = 15
const CURSOR = /^\d{15}:[A-Za-z0-9_-]{1,64}$/

const toMember = (atMs: number, jobId: string): string => `${String(atMs).padStart(TIME_DIGITS, '0')}:${jobId}`
const toJobId = (member: string): string => member.slice(TIME_DIGITS + 1)

/**
 * A tenant's jobs are one sorted set, `<time>:<job id>` in text order. Members are unique, so the cursor is the last member of
 * its page, and neither new jobs nor jobs of the same millisecond can shift a page. Jobs older than the retention are never
 * shown; they are removed when the next job is added.
 */
export const createHistory = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
}): History => {
  const { redis, prefix, retentionMs } = options
  const keys = createRedisKeys(prefix)
  const oldest = (): string => toMember(Math.max(0, Date.now() - retentionMs), '')

  return {
    addCommands(tenantId, jobId, at) {
      const key = keys.history(tenantId)
      return [
        ['ZADD', key, 0, toMember(at.getTime(), jobId)],
        ['ZREMRANGEBYLEX', key, '-', `(${oldest()}`],
        ['PEXPIRE', key, retentionMs],
      ]
    },

    async list(tenantId, { limit, cursor }) {
      if (cursor !== undefined && !CURSOR.test(cursor)) {
        throw new RequestError(
          'invalid-request',
          `Cannot use the cursor ${JSON.stringify(cursor)}: send the \`next\` of a page`,
        )
      }
      const before = cursor === undefined ? '+' : `(${cursor}`
      const members = await redis.zrange(
        keys.history(tenantId),
        before,
        `[${oldest()}`,
        'BYLEX',
        'REV',
        'LIMIT',
        0,
        limit + 1,
      )
      const page = members.slice(0, limit)
      const last = page.at(-1)
      const ids = page.map(toJobId)
      return members.length > limit && last !== undefined ? { ids, next: last } : { ids }
    },
  }
}
