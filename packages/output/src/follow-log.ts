import { setTimeout as delay } from 'node:timers/promises'
import { type EventPosition, readEventId } from '@runnel/contract'
import type { Watch } from './live-entries.ts'
import type { LogEntry } from './log-entry.ts'
import type { LogReader } from './log-reader.ts'

/** When nothing arrives the log is asked, in case a message was lost: no event is later than this. */
const REREAD_MS = 1_000

const isAfter = (a: EventPosition, b: EventPosition): boolean =>
  a.attempt === b.attempt ? a.n > b.n : a.attempt > b.attempt

/**
 * A live entry is taken as the next one only when nothing can lie between: the next number of the same attempt, or the
 * first attempt's start after `queued`. A later attempt may begin after entries that were lost, so the log tells them.
 */
const isNext = (entry: EventPosition, cursor: EventPosition): boolean =>
  entry.attempt === cursor.attempt
    ? entry.n === cursor.n + 1
    : cursor.attempt === 0 && entry.attempt === 1 && entry.n === 1

/**
 * Follows one log: subscribe, replay what is there, then go on live.
 *
 *   log ──pages──▶ caught up ──▶ live entries, each the direct successor of the last
 *    ▲                              │
 *    └── a gap, an overflow, a reconnection, a second of silence
 *
 * The log is the truth and the live entries only its shortcut, so whatever is lost on the way shows as a gap and is read
 * from the log. Nothing is given twice: what is not above the cursor is dropped. The reader sets the pace: while it is
 * slow, live entries are dropped beyond a bound, and pages wait in Redis.
 */
export const followLog = async function* (options: {
  readonly reader: LogReader
  readonly watch: () => Watch
  readonly after?: EventPosition
  readonly signal: AbortSignal
  readonly notFound: () => Error
  readonly onReadFailed: (error: unknown) => void
}): AsyncGenerator<LogEntry> {
  const { reader, after, signal, notFound, onReadFailed } = options
  if (signal.aborted) return
  using watch = options.watch()
  await watch.isSet

  let cursor = after
  /** A token to resume from may lie beyond all there is; until an entry was given, the log's end has to be looked at. */
  let isCursorKnown = false
  let isLive = false
  let ended = false

  const readLog = async (): Promise<readonly LogEntry[]> => {
    watch.take()
    const { entries, isEnd } = await reader.page(cursor)
    isLive = isEnd
    if (entries.length > 0 || isCursorKnown) return entries
    const last = await reader.last()
    if (last === undefined) throw notFound()
    const isBeyond = cursor !== undefined && !isAfter(readEventId(last.id), cursor)
    ended = isBeyond && last.type === 'finished'
    isLive = isBeyond
    return []
  }

  const takeLive = async (): Promise<readonly LogEntry[]> => {
    await watch.wait(REREAD_MS)
    const { entries, hasGap } = watch.take()
    isLive = !hasGap && entries.length > 0
    const next: LogEntry[] = []
    let from = cursor
    for (const entry of entries) {
      const position = readEventId(entry.id)
      if (from !== undefined && !isAfter(position, from)) continue
      if (from === undefined || !isNext(position, from)) {
        isLive = false
        break
      }
      next.push(entry)
      from = position
    }
    return next
  }

  let hasRead = false
  const readOn = async (): Promise<readonly LogEntry[]> => {
    try {
      const entries = isLive ? await takeLive() : await readLog()
      hasRead = true
      return entries
    } catch (error) {
      if (!hasRead) throw error
      isLive = false
      onReadFailed(error)
      await delay(REREAD_MS, undefined, { signal }).catch(() => {})
      return []
    }
  }

  while (!ended && !signal.aborted) {
    for (const entry of await readOn()) {
      if (signal.aborted) return
      cursor = readEventId(entry.id)
      isCursorKnown = true
      ended = entry.type === 'finished'
      yield entry
    }
  }
}
