import { availableParallelism } from 'node:os'

/**
 * The engine is quiet when no program has started for this long. It is several times the time of a short program, so that
 * a client that runs one after another does not meet a task between two of them …
 */
const QUIET_MS = 100
/** … and when no program younger than this is running. Most have ended by then, and the others may run for long. */
const YOUNG_MS = 1_000
/** A task that has waited this long runs anyway. */
const OVERDUE_MS = 2_000
const LOOK_AGAIN_MS = 10
/** The engine does most of this work one by one. More than two for each processor only wait inside the engine. */
const AT_ONCE = availableParallelism() * 2

/**
 * Engine work that no job waits for. Each container takes tens of milliseconds of the processors that programs run on, so a
 * task waits until no program has just started. Under a load that never pauses it runs within two seconds.
 *
 * Measured on 2026-11-29 on two busy processors, 60 programs at once from 60 ready containers, three runs in turn: they ended
 * after 0.43 s (median), without the wait for a quiet moment after 1.16 s. `npm run bench -- --only burst` has the target.
 */
export interface Quiet {
  /** Runs the task when its turn comes, and settles as it does. */
  run<T>(task: () => Promise<T>): Promise<T>
  /** A program starts; call the result when it has ended. */
  programStarts(): () => void
  /** From now on no task waits for a quiet moment. */
  hurry(): void
}

export const createQuiet = (now: () => number = () => performance.now()): Quiet => {
  const waiting: { readonly sinceMs: number; readonly start: () => void }[] = []
  const young = new Set<{ readonly sinceMs: number }>()
  let lastStartMs = Number.NEGATIVE_INFINITY
  let busy = 0
  let isHurried = false
  let timer: NodeJS.Timeout | undefined

  const isQuiet = (atMs: number): boolean => {
    for (const program of young) {
      if (atMs - program.sinceMs < YOUNG_MS) break
      young.delete(program)
    }
    return young.size === 0 && atMs - lastStartMs >= QUIET_MS
  }

  const look = (): void => {
    clearTimeout(timer)
    timer = undefined
    for (let next = waiting[0]; next !== undefined && busy < AT_ONCE; next = waiting[0]) {
      const atMs = now()
      if (!isHurried && atMs - next.sinceMs < OVERDUE_MS && !isQuiet(atMs)) {
        timer = setTimeout(look, LOOK_AGAIN_MS)
        return
      }
      waiting.shift()
      busy += 1
      next.start()
    }
  }

  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        const start = () => {
          task()
            .then(resolve, reject)
            .finally(() => {
              busy -= 1
              look()
            })
        }
        waiting.push({ sinceMs: now(), start })
        timer ??= setTimeout(look)
      }),

    programStarts() {
      const program = { sinceMs: now() }
      lastStartMs = program.sinceMs
      young.add(program)
      return () => void young.delete(program)
    },

    hurry() {
      isHurried = true
      look()
    },
  }
}
