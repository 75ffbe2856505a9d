import type { JobEvent } from '@runnel/client'
import { type ClientEvent, initialRunState, reduceRunState } from '@runnel/client/run-state'
import type { TerminalSnapshot } from './terminal.ts'

/** Output changes little that is shown, and comes a thousand times a second. */
const OUTPUT_MS = 100

export interface RunStore {
  readonly snapshot: TerminalSnapshot
  /** Tells the listeners at once, or a little later if it was output. */
  reduce(event: JobEvent | ClientEvent): void
  change(part: Partial<TerminalSnapshot>): void
  subscribe(listener: () => void): () => void
}

export const createRunStore = (first: Omit<TerminalSnapshot, 'run'>): RunStore => {
  const listeners = new Set<() => void>()
  let snapshot: TerminalSnapshot = { ...first, run: initialRunState }
  let timer: ReturnType<typeof setTimeout> | undefined

  const tell = (): void => {
    clearTimeout(timer)
    timer = undefined
    for (const listener of [...listeners]) listener()
  }
  const change = (part: Partial<TerminalSnapshot>): void => {
    snapshot = { ...snapshot, ...part }
    tell()
  }
  return {
    get snapshot() {
      return snapshot
    },
    reduce: (event) => {
      const run = reduceRunState(snapshot.run, event)
      if (event.type !== 'stdout' && event.type !== 'stderr') return change({ run })
      snapshot = { ...snapshot, run }
      timer ??= setTimeout(tell, OUTPUT_MS)
    },
    change,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
