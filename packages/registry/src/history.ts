import type { JobEnd, QueuedJob, SandboxRun } from '@runnel/contract/internal'
import { type OutcomeClass, RequestError, toOutcomeClass } from '@runnel/contract/public'
import { createRedisKeys, type Redis, type RedisCommand } from '@runnel/redis'
import { isCursor, timeOfMember, toJobId, toMember } from './history-member.ts'
import { createLineTest, type JobRecord, readRecord, toRecord, writeRecord } from './job-record.ts'

/** All jobs that have ended, or the jobs of one language that ended in one way, or that have not ended. */
export type HistoryPart =
  | 'ended'
  | {
      readonly language: string
      readonly ending: OutcomeClass | 'unfinished'
    }

interface HistoryQuery {
  /** The jobs to look at. No job may be in two of them. */
  readonly parts: readonly HistoryPart[]
  /** The `next` of an earlier answer: only older jobs. */
  readonly cursor?: string | undefined
  /** Only jobs submitted at this time or later. */
  readonly from?: Date | undefined
  /** Only jobs submitted before this time. */
  readonly to?: Date | undefined
  /** Only jobs with this text in their first line. Case makes no difference. */
  readonly text?: string | undefined
  /** How many jobs to look at, at most. Fewer may be looked at. */
  readonly count: number
}

export interface HistoryEntry {
  readonly id: string
  /** Continue after this entry. */
  readonly cursor: string
  /** Absent if an older version accepted the job, and it has not ended since. */
  readonly record?: JobRecord
}

interface HistoryBatch {
  /** Newest first. */
  readonly entries: readonly HistoryEntry[]
  /** How many records were read to find them. */
  readonly read: number
  /** When the oldest job that was looked at was submitted. Undefined if there was none. */
  readonly lookedBackTo?: Date
  /** Where to continue. Absent if there are no more jobs. */
  readonly next?: string
}

export interface History {
  /** The commands that write the record of a new job and list it. Sending them again changes nothing. */
  acceptCommands(job: QueuedJob | SandboxRun): readonly RedisCommand[]
  /** The commands that note the end of a job. They belong into the step that ends it, so that only one end is noted. */
  endCommands(job: QueuedJob | JobRecord, end: JobEnd): readonly RedisCommand[]
  /** The commands that take back `acceptCommands` of a run. */
  undoCommands(run: SandboxRun): readonly RedisCommand[]
  /** The runs of a sandbox that have not ended. */
  findRuns(sandboxId: string): Promise<readonly string[]>
  /** Undefined if an older version accepted the job, or if it has been removed. */
  find(jobId: string): Promise<JobRecord | undefined>
  /** Throws a RequestError for a cursor that no answer has given. */
  read(tenantId: string, query: HistoryQuery): Promise<HistoryBatch>
}

/**
 * How much longer than its retention a job is listed, counted from its submission: so long may it wait and run and still be
 * listed as long as it is kept. What is gone by then is left out of every answer.
 */
const WAIT_MS = 10 * 60_000
/** How many members of all parts together are read in one step, so that Redis is busy for a few milliseconds at most. */
const MEMBERS_AT_ONCE = 4_000
/** A part is read in pieces that are not smaller: a page of jobs, and one more. */
const MIN_PIECE = 101

/**
 * The history of a tenant's jobs:
 *
 *   a record for each job   what a list shows, written when the job is accepted, and again when it has ended
 *   sorted sets of jobs     one for each language: those that have not ended
 *                           one for each language and outcome: those that ended so
 *                           one: all that have ended
 *
 * 1. A member of a set is `<time>:<job id>`, in text order. Members are unique, so the cursor is a member, and neither new jobs
 *    nor jobs of the same millisecond can shift a page.
 * 2. Each list is a choice of sets. Their members are merged, newest first: as many are read of each as are wanted of all.
 * 3. A job that ends moves from one set to two others. That step also removes the oldest members of all three, so that accepting
 *    a job costs as little as possible. A set that gets no more members expires.
 */
export const createHistory = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
}): History => {
  const { redis, prefix, retentionMs } = options
  const keys = createRedisKeys(prefix)
  const listedMs = retentionMs + Math.min(retentionMs, WAIT_MS)
  const oldest = (): string => toMember(Math.max(0, Date.now() - listedMs), '')

  const addTo = (key: string, member: string): RedisCommand[] => [
    ['ZADD', key, 0, member],
    ['PEXPIRE', key, listedMs],
  ]

  const trim = (key: string): RedisCommand => ['ZREMRANGEBYLEX', key, '-', `(${oldest()}`]

  const keyOf = (tenantId: string, part: HistoryPart): string =>
    part === 'ended' ? keys.history(tenantId) : keys.historyPart(tenantId, part.language, part.ending)

  const store = (record: JobRecord, forMs: number): RedisCommand => [
    'SET',
    keys.jobRecord(record.id),
    writeRecord(record),
    'PX',
    forMs,
  ]

  const memberOf = ({ id, submittedAt }: Pick<JobRecord, 'id' | 'submittedAt'>): string =>
    toMember(Date.parse(submittedAt), id)

  const findMembers = async (setKeys: readonly string[], before: string, from: string, count: number) => {
    if (setKeys.length === 0) return []
    const step = redis.multi()
    for (const key of setKeys) step.zrange(key, before, from, 'BYLEX', 'REV', 'LIMIT', 0, count)
    const answers = (await step.exec()) ?? []
    const members = answers.flatMap(([error, found]) => {
      if (error !== null) throw error
      return Array.isArray(found) ? found.map(String) : []
    })
    return setKeys.length === 1 ? members : members.toSorted().toReversed().slice(0, count)
  }

  return {
    acceptCommands(job) {
      const unfinished = keyOf(job.tenantId, { language: job.program.language, ending: 'unfinished' })
      // If it waits longer than that, its record is written again when it ends.
      const runs = 'sandboxId' in job ? keys.runsOf(job.sandboxId) : undefined
      return [
        store(toRecord(job), listedMs),
        ...addTo(unfinished, memberOf(job)),
        ...(runs === undefined
          ? []
          : ([
              ['SADD', runs, job.id],
              ['PEXPIRE', runs, listedMs],
            ] as const)),
      ]
    },

    endCommands(job, end) {
      const record = 'program' in job ? toRecord(job) : job
      const { tenantId, language } = record
      const member = memberOf(record)
      const unfinished = keyOf(tenantId, { language, ending: 'unfinished' })
      const ended = [keyOf(tenantId, 'ended'), keyOf(tenantId, { language, ending: toOutcomeClass(end.outcome) })]
      return [
        store({ ...record, end }, retentionMs),
        ['ZREM', unfinished, member],
        ...(record.sandboxId === undefined
          ? []
          : ([
              ['SREM', keys.runsOf(record.sandboxId), record.id],
              ['PEXPIRE', keys.program(record.id), retentionMs],
            ] as const)),
        ...ended.flatMap((key) => addTo(key, member)),
        ...[unfinished, ...ended].map(trim),
      ]
    },

    undoCommands(run) {
      const unfinished = keyOf(run.tenantId, { language: run.program.language, ending: 'unfinished' })
      return [
        ['UNLINK', keys.jobRecord(run.id)],
        ['ZREM', unfinished, memberOf(run)],
        ['SREM', keys.runsOf(run.sandboxId), run.id],
        ['UNLINK', keys.program(run.id)],
      ]
    },

    findRuns: (sandboxId) => redis.smembers(keys.runsOf(sandboxId)),

    async find(jobId) {
      const json = await redis.get(keys.jobRecord(jobId))
      return json === null ? undefined : readRecord(jobId, json)
    },

    async read(tenantId, { parts, cursor, from, to, text, count }) {
      if (cursor !== undefined && !isCursor(cursor)) {
        throw new RequestError(
          'invalid-request',
          `Cannot use the cursor ${JSON.stringify(cursor)}: send the \`next\` of a page`,
        )
      }
      const setKeys = parts.map((part) => keyOf(tenantId, part))
      const lowest = [oldest(), from === undefined ? '' : toMember(from.getTime(), '')].toSorted().at(-1)
      const ends = [cursor, to === undefined ? undefined : toMember(to.getTime(), '')].filter(
        (end) => end !== undefined,
      )
      const [before] = ends.toSorted()
      const piece = Math.min(count, Math.max(MIN_PIECE, Math.floor(MEMBERS_AT_ONCE / Math.max(1, setKeys.length))))
      const found = await findMembers(setKeys, before === undefined ? '+' : `(${before}`, `[${lowest}`, piece + 1)
      const members = found.slice(0, piece)
      const last = members.at(-1)
      if (last === undefined) return { entries: [], read: 0 }

      const ids = members.map(toJobId)
      const stored = await redis.mget(ids.map(keys.jobRecord))
      const hasText = text === undefined ? undefined : createLineTest(text)
      const aliveSince = Date.now() - retentionMs
      const entries = members.flatMap((member, at) => {
        const [id = '', json = null] = [ids[at], stored[at]]
        if (json === null) {
          const isGone = timeOfMember(member) < aliveSince || hasText !== undefined
          return isGone ? [] : [{ id, cursor: member }]
        }
        if (hasText?.(json) === false) return []
        return [{ id, cursor: member, record: readRecord(id, json) }]
      })
      return {
        entries,
        read: stored.filter((json) => json !== null).length,
        lookedBackTo: new Date(timeOfMember(last)),
        ...(found.length > piece ? { next: last } : {}),
      }
    },
  }
}
