import { setTimeout as delay } from 'node:timers/promises'
import { type EventPosition, readEventId } from '@runnel/contract/public'
import { createBacklog } from './backlog.ts'
import { JobNotFoundError } from './job-not-found-error.ts'
import type { Listener, Listening } from './live-entries.ts'
import { isAfter, type LogEntry } from './log-entry.ts'
import { LogGoneError } from './log-gone-error.ts'
import type { LogReader } from './log-reader.ts'

export interface LogFollower extends Disposable {
  /**
   * To be iterated once. Ends after `finished`, or when `signal` aborts. While the consumer is busy with an entry, later
   * ones wait here up to a bound, and beyond that in Redis.
   */
  follow(options: { readonly after?: string; readonly signal: AbortSignal }): AsyncGenerator<LogEntry, void>
}

/** After a failed read. The connection repairs itself in that time. */
const RETRY_MS = 1_000
const BEFORE_ALL: EventPosition = { attempt: 0, n: 0 }

/**
 * A live entry is the next one only if nothing can lie between: it has the next number of the same attempt, or is the
 * start of the first attempt after `queued`. Before a later attempt there may be entries that were lost, so the log is read.
 */
const isNext = (entry: EventPosition, cursor: EventPosition): boolean =>
  entry.attempt === cursor.attempt
    ? entry.n === cursor.n + 1
    : cursor.attempt === 0 && cursor.n === 1 && entry.attempt === 1 && entry.n === 1

/**
 * Follows one log: subscribe, replay what is there, then go on live.
 *
 *   log ──pages──▶ caught up ──▶ live entries, each the direct successor of the last
 *    ▲                              │
 *    └── a gap, an overflow, a reconnection, an end that is elsewhere
 *
 * 1. The log is the truth. Live entries save reading it: what is lost on the way shows as a gap and is read from the log.
 * 2. Nothing comes twice: entries at or before the cursor are dropped.
 * 3. Live entries wait in a bounded backlog. If it overflows, the consumer reads the log at its own pace.
 * 4. If the log has lost what was given already, with a Redis that lost its data, following ends with an error.
 *
 * With `isNew` the log is not written yet, and the follower subscribes at once. If the first entry arrives as a message,
 * the subscription is older than the log, and the log is not read at all.
 */
export const createLogFollower = (options: {
  readonly reader: LogReader
  readonly listen: (listener: Listener) => Listening
  /** The log is not written yet. */
  readonly isNew: boolean
  readonly notFound: () => Error
  /** What was given is no longer in the log. */
  readonly gone: () => Error
  readonly onReadFailed: (error: unknown) => void
}): LogFollower => {
  const { reader, listen, isNew, notFound, gone, onReadFailed } = options
  const backlog = createBacklog()
  let cursor = isNew ? BEFORE_ALL : undefined
  /** The `after` of a caller may lie beyond the log's end. Until that is ruled out, the end has to be looked at. */
  let isCursorKnown = false
  /** The log was seen to end before the cursor, or not to exist. */
  let isDoubted = false
  let isLive = isNew
  let hasRead = isNew
  let hasEnded = false
  /** Set while the generator waits for live entries. */
  let wakeUp: (() => void) | undefined

  const wake = (): void => {
    wakeUp?.()
    wakeUp = undefined
  }

  const untilWoken = (): Promise<void> =>
    new Promise((resolve) => {
      wakeUp = resolve
    })

  const listener: Listener = {
    receive(entry) {
      backlog.add(entry)
      wake()
    },
    miss() {
      // A Redis that was restarted may have lost the last second.
      isDoubted = isCursorKnown
      backlog.miss()
      wake()
    },
    seeEnd(end) {
      if (wakeUp === undefined) return
      if (isCursorKnown && cursor !== undefined) {
        if (end !== undefined && !isAfter(end, cursor) && !isAfter(cursor, end)) return
        // The end may have been asked for just before the last entry was written: the log is read again.
        isDoubted = end === undefined || isAfter(cursor, end)
      }
      backlog.miss()
      wake()
    },
  }
  let listening = isNew ? listen(listener) : undefined

  const readLog = async (): Promise<readonly LogEntry[]> => {
    backlog.clear()
    const { entries, isEnd } = await reader.page(cursor)
    isLive = isEnd
    if (entries.length > 0 || (isCursorKnown && !isDoubted)) return entries
    const last = await reader.last()
    if (isCursorKnown && (last === undefined || (cursor !== undefined && isAfter(cursor, last.position)))) throw gone()
    if (last === undefined) throw notFound()
    isDoubted = false
    const isBeyond = cursor !== undefined && !isAfter(last.position, cursor)
    isCursorKnown ||= cursor !== undefined && isBeyond && !isAfter(cursor, last.position)
    hasEnded = isBeyond && last.type === 'finished'
    isLive = isBeyond
    return []
  }

  /** The next live entry. Undefined if there is none, or if the log has to be read first. */
  const takeLive = (): LogEntry | undefined => {
    for (let entry = backlog.shift(); entry !== undefined; entry = backlog.shift()) {
      if (cursor !== undefined && !isAfter(entry.position, cursor)) continue
      if (cursor !== undefined && isNext(entry.position, cursor)) return entry
      isLive = false
      return undefined
    }
    if (backlog.hasGap || !isCursorKnown) isLive = false
    return undefined
  }

  const readOn = async (signal: AbortSignal): Promise<readonly LogEntry[]> => {
    try {
      const entries = await readLog()
      hasRead = true
      return entries
    } catch (error) {
      if (!hasRead || error instanceof LogGoneError || error instanceof JobNotFoundError) throw error
      onReadFailed(error)
      await delay(RETRY_MS, undefined, { signal }).catch(() => {})
      return []
    }
  }

  const advance = (entry: LogEntry): LogEntry => {
    cursor = entry.position
    isCursorKnown = true
    hasEnded = entry.type === 'finished'
    return entry
  }

  return {
    async *follow({ after, signal }) {
      if (after !== undefined) {
        cursor = readEventId(after)
        isLive = false
      }
      signal.addEventListener('abort', wake, { once: true })
      try {
        if (signal.aborted) return
        listening ??= listen(listener)
        await listening.isSet
        while (!hasEnded && !signal.aborted) {
          if (isLive && backlog.isEmpty) {
            await untilWoken()
          } else if (isLive) {
            const entry = takeLive()
            if (entry !== undefined) yield advance(entry)
          } else {
            for (const entry of await readOn(signal)) {
              if (signal.aborted) return
              yield advance(entry)
            }
          }
        }
      } finally {
        signal.removeEventListener('abort', wake)
        listening?.[Symbol.dispose]()
      }
    },
    [Symbol.dispose]: () => listening?.[Symbol.dispose](),
  }
}
