import type { LogEntry } from './log-entry.ts'

/** What one watcher may have waiting for it. Beyond that it reads the log, at its own pace. */
const BACKLOG_ENTRIES = 256
const BACKLOG_BYTES = 128 * 1024

/** Live entries that one watcher has not been given yet, up to a bound. */
export interface Backlog {
  readonly isEmpty: boolean
  add(entry: LogEntry): void
  /** Something may have been missed. */
  miss(): void
  /** What has come since the last call, and whether some of it may be missing: then the log knows. */
  take(): { readonly entries: readonly LogEntry[]; readonly hasGap: boolean }
}

export const createBacklog = (): Backlog => {
  let entries: LogEntry[] = []
  let bytes = 0
  let hasGap = false
  return {
    get isEmpty() {
      return entries.length === 0 && !hasGap
    },
    add(entry) {
      bytes += entry.json.length
      if (!hasGap && entries.length < BACKLOG_ENTRIES && bytes <= BACKLOG_BYTES) entries.push(entry)
      else hasGap = true
    },
    miss() {
      hasGap = true
    },
    take() {
      const taken = { entries, hasGap }
      entries = []
      bytes = 0
      hasGap = false
      return taken
    },
  }
}
