import { performance } from 'node:perf_hooks'

export interface SandboxTimes {
  /** From the moment that it was set. */
  readonly timeoutMs: number
  readonly idleTimeoutMs: number
}

export interface SandboxTimers extends Disposable {
  readonly times: SandboxTimes
  readonly endsAt: Date
  /** How long it lives at most from now on, in milliseconds. */
  readonly lifeMs: number
  /** Counted from now; may be shorter than before. */
  set(times: Partial<SandboxTimes>): void
  /** Something was asked of it. */
  touch(): void
  /** It is in use until the answer is called. */
  use(): () => void
  readonly isInUse: boolean
  /** While it is paused it cannot be idle; `timeoutMs` goes on. */
  setPaused(isPaused: boolean): void
}

/** Node's timers take no more, about 24 days. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * Ends a sandbox when its life is over, or when nothing was asked of it for too long. Each user of it (a foreground command, a
 * request that is being served) keeps it from being idle; the idle time starts when the last one has ended.
 */
export const createSandboxTimers = (
  times: SandboxTimes,
  onOver: (ending: 'timed-out' | 'idle') => void,
): SandboxTimers => {
  let { timeoutMs, idleTimeoutMs } = times
  let endsMs = 0
  let endsAt = new Date()
  let users = 0
  let isPaused = false
  let isOver = false
  let life: NodeJS.Timeout | undefined
  let idle: NodeJS.Timeout | undefined

  const start = (ending: 'timed-out' | 'idle', ms: number) => setTimeout(() => onOver(ending), Math.min(ms, LONGEST_MS))

  const startLife = (): void => {
    clearTimeout(life)
    endsMs = performance.now() + timeoutMs
    endsAt = new Date(Date.now() + timeoutMs)
    if (!isOver) life = start('timed-out', timeoutMs)
  }
  const startIdle = (): void => {
    clearTimeout(idle)
    if (users === 0 && !isPaused && !isOver) idle = start('idle', idleTimeoutMs)
  }

  startLife()
  startIdle()
  return {
    get times() {
      return { timeoutMs, idleTimeoutMs }
    },
    get endsAt() {
      return endsAt
    },
    get lifeMs() {
      return Math.max(0, endsMs - performance.now())
    },
    get isInUse() {
      return users > 0
    },
    set(given) {
      if (given.idleTimeoutMs !== undefined) idleTimeoutMs = given.idleTimeoutMs
      startIdle()
      if (given.timeoutMs === undefined) return
      timeoutMs = given.timeoutMs
      startLife()
    },
    touch: startIdle,
    use() {
      let isUsed = true
      users += 1
      startIdle()
      return () => {
        if (!isUsed) return
        isUsed = false
        users -= 1
        startIdle()
      }
    },
    setPaused(value) {
      isPaused = value
      startIdle()
    },
    [Symbol.dispose]() {
      isOver = true
      clearTimeout(life)
      clearTimeout(idle)
    },
  }
}
