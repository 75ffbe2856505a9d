import { setTimeout as delay } from 'node:timers/promises'
import { type EventPosition, readEventId } from '@runnel/contract/public'
import { createBacklog } from './backlog.ts'
import { JobNotFoundError } from './job-not-found-error.ts'
import type { Listener, Listening } from './live-entries.ts'
import { isAfter, type LogEntry } from './log-entry.ts'
import { LogGoneError } from './log-gone-error.ts'
import type { LogReader } from './log-reader.ts'

/** Takes one entry. A promise means that it is behind: the next entry comes when that has resolved. */
export type Receive = (entry: LogEntry) => Promise<void> | undefined

export interface LogFollower extends Disposable {
  /** To be called once. Resolves after `finished`, or when `signal` aborts; rejects with what `receive` throws. */
  follow(options: { readonly after?: string; readonly signal: AbortSignal }, receive: Receive): Promise<void>
}

/** After a failed read; the connection heals by itself meanwhile. */
const RETRY_MS = 1_000
const BEFORE_ALL: EventPosition = { attempt: 0, n: 0 }

/**
 * A live entry is taken as the next one only when nothing can lie between: the next number of the same attempt, or the
 * first attempt's start after `queued`. A later attempt may begin after entries that were lost, so the log tells them.
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
 * The log is the truth and the live entries only its shortcut, so whatever is lost on the way shows as a gap and is read
 * from the log. Nothing is given twice: what is not above the cursor is dropped. A log that has lost what was given
 * already, with a Redis that lost its data, ends the following with an error.
 *
 * Live, there is no step between the message and the receiver: while nothing is pending, `listener.receive` hands the
 * entry on itself, so a thousand watchers of a job cost a thousand calls and no promise. Everything else is the loop's:
 * a receiver that is behind sets the pace, live entries wait in a bounded backlog, and beyond that pages wait in Redis.
 *
 * A log that is yet to be written is followed live from before its first entry, and is not read at all when all goes
 * well: that the first entry comes as a message proves that the subscription is older than the log.
 */
export const createLogFollower = (options: {
  readonly reader: LogReader
  readonly listen: (listener: Listener) => Listening
  /** The log is yet to be written. */
  readonly isNew: boolean
  readonly notFound: () => Error
  /** What has been given is not in the log any more. */
  readonly gone: () => Error
  readonly onReadFailed: (error: unknown) => void
}): LogFollower => {
  const { reader, listen, isNew, notFound, gone, onReadFailed } = options
  const backlog = createBacklog()
  let receive: Receive = () => undefined
  let cursor = isNew ? BEFORE_ALL : undefined
  /** A token to resume from may lie beyond all there is; until it is known not to, the log's end has to be looked at. */
  let isCursorKnown = false
  /** The log was seen to end before the cursor, or not to be there. */
  let isDoubted = false
  let isLive = isNew
  let ended = false
  /** Ends the loop's rest; there only while it rests, which is when live entries may be handed on at once. */
  let wakeLoop: (() => void) | undefined
  /** What the receiver of a live entry is busy with. */
  let busy: Promise<void> | undefined
  let stopWaiting: (() => void) | undefined

  const wake = (): void => {
    wakeLoop?.()
    wakeLoop = undefined
  }

  const give = (entry: LogEntry): Promise<void> | undefined => {
    cursor = entry.position
    isCursorKnown = true
    ended = entry.type === 'finished'
    return receive(entry)
  }

  const giveLive = (entry: LogEntry): void => {
    try {
      busy = give(entry)
    } catch (error) {
      busy = Promise.reject(error)
    }
    if (busy !== undefined || ended) wake()
  }

  const listening = listen({
    receive(entry) {
      if (wakeLoop !== undefined && cursor !== undefined && isNext(entry.position, cursor)) {
        giveLive(entry)
        return
      }
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
      if (wakeLoop === undefined) return
      if (isCursorKnown && cursor !== undefined) {
        if (end !== undefined && !isAfter(end, cursor) && !isAfter(cursor, end)) return
        // It may have been asked just before what was given last was written: the log is looked at again.
        isDoubted = end === undefined || isAfter(cursor, end)
      }
      backlog.miss()
      wake()
    },
  })

  /** Waits for a receiver that is behind. An abort ends that too: a client that is gone takes nothing any more. */
  const untilTaken = (taken: Promise<void>): Promise<void> =>
    new Promise((resolve, reject) => {
      stopWaiting = resolve
      taken.then(resolve, reject)
    })

  const rest = (): Promise<void> =>
    new Promise((resolve) => {
      wakeLoop = resolve
    })

  const readLog = async (): Promise<readonly LogEntry[]> => {
    backlog.take()
    const { entries, isEnd } = await reader.page(cursor)
    isLive = isEnd
    if (entries.length > 0 || (isCursorKnown && !isDoubted)) return entries
    const last = await reader.last()
    if (isCursorKnown && (last === undefined || (cursor !== undefined && isAfter(cursor, last.position)))) throw gone()
    if (last === undefined) throw notFound()
    isDoubted = false
    const isBeyond = cursor !== undefined && !isAfter(last.position, cursor)
    isCursorKnown ||= cursor !== undefined && isBeyond && !isAfter(cursor, last.position)
    ended = isBeyond && last.type === 'finished'
    isLive = isBeyond
    return []
  }

  const takeLive = (): readonly LogEntry[] => {
    const { entries, hasGap } = backlog.take()
    isLive = !hasGap
    const next: LogEntry[] = []
    let from = cursor
    for (const entry of entries) {
      if (from !== undefined && !isAfter(entry.position, from)) continue
      if (from === undefined || !isNext(entry.position, from)) {
        isLive = false
        break
      }
      next.push(entry)
      from = entry.position
    }
    if (!isCursorKnown && next.length === 0) isLive = false
    return next
  }

  let hasRead = isNew
  const readOn = async (signal: AbortSignal): Promise<readonly LogEntry[]> => {
    if (isLive) return takeLive()
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

  const run = async (signal: AbortSignal): Promise<void> => {
    await listening.isSet
    while (!ended && !signal.aborted) {
      if (isLive && backlog.isEmpty) await rest()
      if (busy !== undefined) await untilTaken(busy)
      busy = undefined
      if (ended || signal.aborted) return
      for (const entry of await readOn(signal)) {
        if (signal.aborted) return
        const taken = give(entry)
        if (taken !== undefined) await untilTaken(taken)
      }
    }
  }

  return {
    async follow({ after, signal }, receiver) {
      receive = receiver
      if (after !== undefined) {
        cursor = readEventId(after)
        isLive = false
      }
      const stop = (): void => {
        stopWaiting?.()
        wake()
      }
      signal.addEventListener('abort', stop, { once: true })
      try {
        await run(signal)
      } finally {
        signal.removeEventListener('abort', stop)
        listening[Symbol.dispose]()
      }
    },
    [Symbol.dispose]: () => listening[Symbol.dispose](),
  }
}
