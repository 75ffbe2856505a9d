import type { LogEntry } from './log-entry.ts'

/** At most this much waits in memory for one watcher. If there is more, it reads the log at its own pace. */
const BACKLOG_ENTRIES = 256
const BACKLOG_BYTES = 128 * 1024

/** Live entries that one watcher has not taken yet, up to a bound. */
export interface Backlog {
  readonly isEmpty: boolean
  /** Something may be missing after the entries that are here. */
  readonly hasGap: boolean
  add(entry: LogEntry): void
  /** Something may have been missed. */
  miss(): void
  /** Takes the oldest entry. */
  shift(): LogEntry | undefined
  /** Drops everything, because the log is read. */
  clear(): void
}

export const createBacklog = (): Backlog => {
  const entries: LogEntry[] = []
  let bytes = 0
  let hasGap = false
  return {
    get isEmpty() {
      return entries.length === 0 && !hasGap
    },
    get hasGap() {
      return hasGap
    },
    add(entry) {
      // One entry always fits, whatever its size: if it did not, each watcher would read it from Redis.
      const isTooMuch = entries.length > 0 && bytes + entry.json.length > BACKLOG_BYTES
      const isFull = isTooMuch || entries.length >= BACKLOG_ENTRIES
      hasGap ||= isFull
      if (hasGap) return
      entries.push(entry)
      bytes += entry.json.length
    },
    miss() {
      hasGap = true
    },
    shift() {
      const entry = entries.shift()
      bytes -= entry?.json.length ?? 0
      return entry
    },
    clear() {
      entries.length = 0
      bytes = 0
      hasGap = false
    },
  }
}
