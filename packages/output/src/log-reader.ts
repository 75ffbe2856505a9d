import { type EventPosition, readEventId, toEventId } from '@runnel/contract/public'
import type { Redis } from '@runnel/redis'
import { type LogEntry, readStored } from './log-entry.ts'
import { endsScript } from './log-scripts.ts'

/** One answer of Redis: at most 32 events of 64 KiB. */
const PAGE_ENTRIES = 32

interface LogPage {
  readonly entries: readonly LogEntry[]
  /** There was nothing after these entries when they were read. */
  readonly isEnd: boolean
}

export interface LogReader {
  /** The entries after a position, or the first ones. */
  page(after?: EventPosition): Promise<LogPage>
  /** The last entry; undefined when there is no log. */
  last(): Promise<LogEntry | undefined>
}

export const createLogReader = (redis: Redis, key: string): LogReader => {
  return {
    async page(after) {
      const from = after === undefined ? '-' : `(${toEventId(after)}`
      const entries = (await redis.xrange(key, from, '+', 'COUNT', PAGE_ENTRIES)).map(readStored)
      return { entries, isEnd: entries.length < PAGE_ENTRIES }
    },
    async last() {
      const [entry] = await redis.xrevrange(key, '+', '-', 'COUNT', 1)
      return entry === undefined ? undefined : readStored(entry)
    },
  }
}

/** Where each of these logs ends; undefined for a log that does not exist. */
export const findEnds = async (redis: Redis, keys: readonly string[]): Promise<(EventPosition | undefined)[]> => {
  const ids = await endsScript(redis, keys, [])
  return Array.isArray(ids) ? ids.map((id: unknown) => (id === '' ? undefined : readEventId(String(id)))) : []
}
