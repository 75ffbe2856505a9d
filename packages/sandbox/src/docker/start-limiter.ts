import { availableParallelism } from 'node:os'

/** As many as keep all processors busy while others wait for an answer. */
const AT_ONCE = availableParallelism() * 2
/** Most programs have ended by then. One that has not waits for something, or has work for longer than others should wait. */
const FIRST_MOMENTS_MS = 20

/** Who may begin now. */
export interface StartLimiter {
  /** Resolves when a program may begin; call the result when it has ended. The wait ends: each holds its place for a moment. */
  enter(): Promise<() => void>
}

/**
 * Programs that begin in the same moment share the processors, and all of them end late. Let a few begin at a time, and
 * half of them have ended in half the time, the last no later.
 */
export const createStartLimiter = (): StartLimiter => {
  const waiting: (() => void)[] = []
  let free = AT_ONCE

  const leave = (): void => {
    const next = waiting.shift()
    if (next === undefined) free += 1
    else next()
  }

  return {
    async enter() {
      if (free > 0) free -= 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      let isIn = true
      const leaveOnce = (): void => {
        if (!isIn) return
        isIn = false
        clearTimeout(timer)
        leave()
      }
      const timer = setTimeout(leaveOnce, FIRST_MOMENTS_MS)
      return leaveOnce
    },
  }
}
