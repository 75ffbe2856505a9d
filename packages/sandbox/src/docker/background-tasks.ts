import { availableParallelism } from 'node:os'

/**
 * A moment is quiet when no program has begun for this long, which is several times what a short one takes: who asks for one
 * after another is not to meet four tasks for a single one that took a little longer …
 */
const QUIET_MS = 100
/** … and none is running that began less than this long ago: most programs have ended by then, and others may go on for long. */
const YOUNG_MS = 1_000
/** A task that found no quiet moment for this long is done in any. */
const OVERDUE_MS = 2_000
const LOOK_AGAIN_MS = 10

/** The engine does such work one by one for the most part; beyond two a processor it only queues it itself. */
const AT_ONCE = availableParallelism() * 2

/** What is used up goes first: it holds memory, and the engine looks through its mounts for each container it makes. */
const KINDS = ['removing', 'making'] as const

export interface BackgroundTasks {
  /** Does it when its turn comes; settles as it does. */
  add<T>(kind: (typeof KINDS)[number], task: () => Promise<T>): Promise<T>
  /** A program begins; call the result when it has ended. */
  programBegins(): () => void
  /** From here on no task waits for a quiet moment. */
  hurry(): void
}

/**
 * Engine work that nobody waits for: removing containers that are used up, making those that may be wanted next.
 *
 * It takes the very processors that programs run on, tens of milliseconds for each container, so it waits until no
 * program is in its first moments: a burst is answered first and tidied up after. In a load that never pauses every
 * task has its turn within two seconds, so what waits is bounded by what the engine makes in two seconds.
 */
export const createBackgroundTasks = (now: () => number = () => performance.now()): BackgroundTasks => {
  const waiting: Record<(typeof KINDS)[number], { readonly since: number; readonly begin: () => void }[]> = {
    removing: [],
    making: [],
  }
  const young = new Set<{ readonly since: number }>()
  let lastBeginning = Number.NEGATIVE_INFINITY
  let busy = 0
  let isHurried = false
  let timer: NodeJS.Timeout | undefined

  const isQuiet = (at: number): boolean => {
    for (const program of young) {
      if (at - program.since < YOUNG_MS) break
      young.delete(program)
    }
    return young.size === 0 && at - lastBeginning >= QUIET_MS
  }

  const look = (): void => {
    clearTimeout(timer)
    timer = undefined
    for (const queue of KINDS.map((kind) => waiting[kind])) {
      for (let next = queue[0]; next !== undefined && busy < AT_ONCE; next = queue[0]) {
        const at = now()
        if (!isHurried && at - next.since < OVERDUE_MS && !isQuiet(at)) {
          timer ??= setTimeout(look, LOOK_AGAIN_MS)
          break
        }
        queue.shift()
        next.begin()
      }
    }
  }

  return {
    add: (kind, task) =>
      new Promise((resolve, reject) => {
        const begin = () => {
          busy += 1
          task()
            .then(resolve, reject)
            .finally(() => {
              busy -= 1
              look()
            })
        }
        waiting[kind].push({ since: now(), begin })
        timer ??= setTimeout(look)
      }),

    programBegins() {
      const program = { since: now() }
      lastBeginning = program.since
      young.add(program)
      return () => void young.delete(program)
    },

    hurry() {
      isHurried = true
      look()
    },
  }
}
