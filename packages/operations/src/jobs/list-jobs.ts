import {
  JOB_PAGE,
  type JobListQuery,
  type JobPage,
  type JobStatus,
  type ListedJob,
  SEARCH_JOBS,
} from '@runnel/contract/public'
import type { HistoryEntry } from '@runnel/registry'
import type { OperationParts } from '../parts.ts'
import type { Requester } from '../requester.ts'
import { chooseParts } from './choose-parts.ts'
import { toJob } from './read-job.ts'

/** How many jobs a search looks at in one step. */
const SEARCH_STEP = 1_000
/** Steps of one request. Jobs that are gone do not count into SEARCH_JOBS, but their steps count here. */
const MAX_STEPS = 20

type Row = ListedJob & { readonly keyId: string | null }

/** Of a job that has ended, from its record alone. Of another one, as its log says now. Undefined if it is gone. */
const toRow = async ({ subscriber }: OperationParts, { id, record }: HistoryEntry): Promise<Row | undefined> => {
  const keyId = record?.keyId ?? null
  const known = record === undefined ? {} : { firstLine: record.firstLine }
  if (record?.end !== undefined) {
    const { language, extracted, submittedAt, limits, sandboxId, end } = record
    const job = { id, status: 'finished' as const, language, submittedAt, limits }
    const optional = {
      ...(extracted === undefined ? {} : { extracted }),
      ...(sandboxId === undefined ? {} : { sandboxId }),
    }
    return { ...job, ...optional, ...end, ...known, keyId }
  }
  const summary = await subscriber.summary(id)
  return summary === undefined ? undefined : { ...toJob(id, summary), ...known, keyId }
}

/** What the sorted sets of the history cannot tell. */
const createTest = ({ status, by = 'submitted', from, to }: JobListQuery) => {
  const statuses: ReadonlySet<JobStatus> | undefined = status === undefined ? undefined : new Set(status)
  const timeOf = ({ startedAt, finishedAt }: Row): string | undefined => (by === 'started' ? startedAt : finishedAt)
  const isInTime = (row: Row): boolean => {
    const time = timeOf(row)
    if (time === undefined) return false
    const ms = Date.parse(time)
    return (from === undefined || ms >= from.getTime()) && (to === undefined || ms < to.getTime())
  }
  return (row: Row): boolean =>
    (statuses === undefined || statuses.has(row.status)) && (by === 'submitted' || isInTime(row))
}

const nameKeys = async ({ keys }: OperationParts, rows: readonly Row[]): Promise<ListedJob[]> => {
  const ids = new Set(rows.flatMap(({ keyId }) => (keyId === null ? [] : [keyId])))
  const names = ids.size === 0 ? new Map<string, string>() : await keys.names([...ids])
  return rows.map(({ keyId, ...job }) =>
    keyId === null ? job : { ...job, key: { id: keyId, name: names.get(keyId) ?? '' } },
  )
}

/**
 * A page of a tenant's history, newest first. It looks at jobs step by step, until the page is full, there are no more jobs, or
 * SEARCH_JOBS were looked at.
 */
export const listJobs = async (parts: OperationParts, { tenant }: Requester, query: JobListQuery): Promise<JobPage> => {
  const { limit = JOB_PAGE.default, q, status, by = 'submitted', from, to } = query
  const isSearch = (q !== undefined && q !== '') || status !== undefined || by !== 'submitted'
  const passes = createTest(query)
  const chosen = {
    parts: chooseParts(query),
    ...(q === undefined || q === '' ? {} : { text: q }),
    // A job starts and finishes after its submission, so of those times only the end bounds the search.
    to,
    ...(by === 'submitted' ? { from } : {}),
  }
  const rows: Row[] = []
  let next = query.cursor
  let lookedBackTo: Date | undefined
  let read = 0
  for (let step = 0; step < MAX_STEPS && rows.length < limit && read < SEARCH_JOBS; step += 1) {
    const count = isSearch ? Math.min(SEARCH_STEP, SEARCH_JOBS - read) : limit - rows.length
    const batch = await parts.history.read(tenant.id, { ...chosen, cursor: next, count })
    const found = await Promise.all(batch.entries.map(async (entry) => ({ entry, row: await toRow(parts, entry) })))
    const good = found.flatMap(({ entry, row }) => (row !== undefined && passes(row) ? [{ entry, row }] : []))
    const taken = good.slice(0, limit - rows.length)
    rows.push(...taken.map(({ row }) => row))
    read += batch.read
    const last = taken.at(-1)
    if (good.length > taken.length && last !== undefined) {
      // The next page starts with a job that this step has seen.
      next = last.entry.cursor
      lookedBackTo = new Date(last.row.submittedAt)
      break
    }
    next = batch.next
    lookedBackTo = batch.lookedBackTo ?? lookedBackTo
    if (next === undefined) break
  }
  return {
    jobs: await nameKeys(parts, rows),
    ...(next === undefined ? {} : { next }),
    ...(isSearch && lookedBackTo !== undefined ? { lookedBackTo: lookedBackTo.toISOString() } : {}),
  }
}
