/** Timers that do not run while the sandbox is paused. */
export interface Deadlines {
  /** Calls `late` after that time unless the result is called before. */
  start(ms: number, late: () => void): () => void
  pause(): void
  resume(): void
  /** No timer runs any more. */
  clear(): void
}

interface Deadline {
  leftMs: number
  readonly late: () => void
}

export const createDeadlines = (): Deadlines => {
  const running = new Map<Deadline, { readonly timer: NodeJS.Timeout; readonly sinceMs: number }>()
  const paused = new Set<Deadline>()
  let isPaused = false

  const run = (deadline: Deadline): void => {
    const timer = setTimeout(() => {
      running.delete(deadline)
      deadline.late()
    }, deadline.leftMs)
    timer.unref()
    running.set(deadline, { timer, sinceMs: performance.now() })
  }

  return {
    start(ms, late) {
      const deadline = { leftMs: ms, late }
      if (isPaused) paused.add(deadline)
      else run(deadline)
      return () => {
        clearTimeout(running.get(deadline)?.timer)
        running.delete(deadline)
        paused.delete(deadline)
      }
    },
    pause() {
      isPaused = true
      for (const [deadline, { timer, sinceMs }] of running) {
        clearTimeout(timer)
        deadline.leftMs -= performance.now() - sinceMs
        paused.add(deadline)
      }
      running.clear()
    },
    resume() {
      isPaused = false
      for (const deadline of paused) run(deadline)
      paused.clear()
    },
    clear() {
      for (const { timer } of running.values()) clearTimeout(timer)
      running.clear()
      paused.clear()
    },
  }
}
