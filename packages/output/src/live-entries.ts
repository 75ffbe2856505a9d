import type { Redis } from 'ioredis'
import { type LogEntry, readEntry } from './log-entry.ts'

/** What one watcher may have waiting for it. Beyond that it reads the log, at its own pace. */
const BUFFER_ENTRIES = 256
const BUFFER_BYTES = 1024 * 1024
/** A subscription is confirmed within a millisecond; while Redis is away there is no point in waiting for it. */
const CONFIRM_MS = 250

/** One watcher's place to receive live entries. */
export interface Watch extends Disposable {
  /** The subscription stands, or its confirmation is late and the log must do for now. */
  readonly isSet: Promise<void>
  /** What has arrived since the last call, and whether some of it may be missing: then the log knows. */
  take(): { readonly entries: readonly LogEntry[]; readonly hasGap: boolean }
  /** Resolves when there may be something to take, when the watch's signal aborts, or after `ms`. */
  wait(ms: number): Promise<void>
}

export interface LiveEntries extends AsyncDisposable {
  watch(channel: string, signal: AbortSignal): Watch
}

interface Watcher {
  receive(entry: LogEntry): void
  miss(): void
}

/**
 * Published entries, for all watchers of this process over one connection. A channel is subscribed to while somebody
 * watches it; each message is read once, whoever many watch. Pub/sub promises nothing: a message may be lost whenever
 * the connection is, so every watcher is told that it may have a gap when the connection is back.
 */
export const createLiveEntries = (subscriber: Redis): LiveEntries => {
  const watchers = new Map<string, Set<Watcher>>()

  const onMessage = (channel: string, json: string): void => {
    const entry = readEntry(json)
    if (entry === undefined) return
    for (const watcher of watchers.get(channel) ?? []) watcher.receive(entry)
  }

  const missAll = (): void => {
    for (const watcher of [...watchers.values()].flatMap((set) => [...set])) watcher.miss()
  }

  /** A failure is one of the connection: once that is back, `onReady` subscribes anew. */
  const subscribe = async (channels: readonly string[]): Promise<void> => {
    if (channels.length > 0) await subscriber.subscribe(...channels).catch(() => {})
  }

  const onReady = (): void => {
    missAll()
    subscribe([...watchers.keys()]).then(missAll)
  }

  subscriber.on('message', onMessage)
  subscriber.on('ready', onReady)

  const join = async (channel: string, watcher: Watcher): Promise<void> => {
    const set = watchers.get(channel) ?? new Set()
    set.add(watcher)
    watchers.set(channel, set)
    // Repeating a subscription costs a round trip and confirms that an earlier one stands.
    await subscribe([channel])
    watcher.miss()
  }

  const leave = (channel: string, watcher: Watcher): void => {
    const set = watchers.get(channel)
    set?.delete(watcher)
    if (set?.size !== 0) return
    watchers.delete(channel)
    subscriber.unsubscribe(channel).catch(() => {})
  }

  return {
    watch(channel, signal) {
      let entries: LogEntry[] = []
      let bytes = 0
      let hasGap = false
      let changed = Promise.withResolvers<void>()

      const wake = (): void => {
        changed.resolve()
        changed = Promise.withResolvers<void>()
      }
      const watcher: Watcher = {
        receive(entry) {
          bytes += entry.json.length
          if (!hasGap && entries.length < BUFFER_ENTRIES && bytes <= BUFFER_BYTES) entries.push(entry)
          else hasGap = true
          wake()
        },
        miss() {
          hasGap = true
          wake()
        },
      }
      signal.addEventListener('abort', wake, { once: true })
      const wait = async (ms: number): Promise<void> => {
        if (entries.length > 0 || hasGap || signal.aborted) return
        const timer = setTimeout(wake, ms)
        await changed.promise
        clearTimeout(timer)
      }
      // The confirmation shows as a gap, as all that may have been missed before it.
      join(channel, watcher)

      return {
        isSet: wait(CONFIRM_MS),
        take() {
          const taken = { entries, hasGap }
          entries = []
          bytes = 0
          hasGap = false
          return taken
        },
        wait,
        [Symbol.dispose]() {
          signal.removeEventListener('abort', wake)
          leave(channel, watcher)
        },
      }
    },

    async [Symbol.asyncDispose]() {
      subscriber.off('message', onMessage)
      subscriber.off('ready', onReady)
      const channels = [...watchers.keys()]
      watchers.clear()
      if (channels.length > 0 && subscriber.status === 'ready') await subscriber.unsubscribe(...channels)
    },
  }
}
