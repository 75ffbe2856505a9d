import { availableParallelism } from 'node:os'

/**
 * How many containers there are, all rules in one place. pool.ts and reuse-pool.ts ask, and do what these rules say.
 *
 *   demand ──▶ how many the pool should have ──▶ how many to make now, and how many in the background
 *   a tenant's containers ──▶ whether a job waits for one of them, or gets a new one
 */

/** The engine makes containers mostly one by one. More than two for each processor only wait inside the engine. */
export const MAKING_AT_ONCE = availableParallelism() * 2

/** The jobs of one second must find their containers ready: making new ones takes longer than that … */
const WINDOW_MS = 1_000
/** … even if the second is drawn out because jobs wait for containers. */
const LONGEST_WINDOW_MS = 10_000
/** A burst counts in full for this long … */
const HOLD_MS = 60_000
/** … and then half as much after each such time. */
const HALF_LIFE_MS = 60_000

/** How many containers of a language the next second may need. */
export interface Demand {
  /** A job asks for a container. */
  arrive(): void
  /** Whether jobs wait for a container from now on. */
  setWaiting(isAnyoneWaiting: boolean): void
  expected(): number
}

/**
 * Expects the most arrivals that one second has brought: for a minute, then half of them with each further minute. A
 * burst that comes again within a minute or two finds a container for each job, and a quiet evening uses no memory.
 *
 * Time in which a job waits for a container does not count. With enough containers it would not have passed: a client that
 * runs one job after another would have sent the next one sooner. Next time it finds all of them, not a few more.
 *
 * Measured on 2026-11-29 on two busy processors, `poolMin` 4, 40 programs at once and again after 20 s: the last of the second
 * burst ended after 0.7 s, without this after 5.9 s.
 */
export const createDemand = (now: () => number = () => performance.now()): Demand => {
  /** The arrivals of the last second, oldest first: when, and when without the time spent waiting. */
  const recent: { readonly at: number; readonly unwaited: number }[] = []
  let peak = 0
  let peakAt = now()
  let waitedMs = 0
  let waitingSince: number | undefined

  const remembered = (at: number): number => peak * 0.5 ** (Math.max(0, at - peakAt - HOLD_MS) / HALF_LIFE_MS)
  const waitedUntil = (at: number): number => waitedMs + (waitingSince === undefined ? 0 : at - waitingSince)

  return {
    arrive() {
      const at = now()
      const unwaited = at - waitedUntil(at)
      const isPast = (one: (typeof recent)[number]) =>
        one.unwaited <= unwaited - WINDOW_MS || one.at <= at - LONGEST_WINDOW_MS
      for (let [oldest] = recent; oldest !== undefined && isPast(oldest); [oldest] = recent) recent.shift()
      recent.push({ at, unwaited })
      if (recent.length < remembered(at)) return
      peak = recent.length
      peakAt = at
    },
    setWaiting(isAnyoneWaiting) {
      if (isAnyoneWaiting === (waitingSince !== undefined)) return
      const at = now()
      waitedMs = waitedUntil(at)
      waitingSince = isAnyoneWaiting ? at : undefined
    },
    expected: () => Math.round(remembered(now())),
  }
}

/** The pool of one language at a moment. */
export interface PoolLevel {
  /** Containers that wait for a job. */
  readonly ready: number
  readonly making: number
  /** To be made for waiting jobs, as soon as the engine has a place. */
  readonly queued: number
  /** To be made in the background. */
  readonly planned: number
  /** Jobs that wait for a container. */
  readonly waiting: number
  /** Kept ready in any case. */
  readonly min: number
  /** What the demand makes likely. */
  readonly expected: number
  /** How many more containers the pools of all languages may have together. */
  readonly room: number
}

/** One is being made for each job that waits. Anything else that the engine makes now would delay these. */
const isOneMadeForEach = ({ waiting, making }: PoolLevel): boolean => waiting <= making

/** How many to make at once, for jobs that wait, and how many in the background, for the pool. */
export const toMake = (level: PoolLevel): { readonly now: number; readonly background: number } => {
  const { ready, making, queued, planned, waiting, min, expected, room } = level
  const now = Math.max(0, waiting - making - queued)
  if (!isOneMadeForEach(level)) return { now, background: 0 }
  const size = ready + making + planned
  const missing = Math.max(min, expected) - (size - waiting)
  return { now, background: Math.max(0, Math.min(missing, Math.max(min - size, room))) }
}

/** Whether a container that was planned for the pool is still missing when its turn comes. */
export const isPoolShort = (level: PoolLevel): boolean => {
  const { ready, making, waiting, min, expected, room } = level
  const left = ready + making - waiting
  return isOneMadeForEach(level) && (left < min || (left < expected && room > 0))
}

/** With this many containers a tenant keeps all processors busy, even while some are being cleaned … */
const ENOUGH_PER_TENANT = availableParallelism() * 4
/** … unless its programs run for long, so that no container has come back for this long … */
const NONE_BACK_MS = 200
/** … or the job has waited this long, because others were first. */
const LONGEST_WAIT_MS = 2_000

/** The containers with one reuse key, as a job sees them that waits for one of them. */
export interface ReuseLevel {
  /** On their way to this key, or new ones being made for it. */
  readonly adding: number
  /** In use, or being cleaned. */
  readonly inUse: number
  readonly waitedMs: number
  /** Since one last came back, or since the job waits. */
  readonly noneBackMs: number
}

/** Whether a job is served sooner by a new container than by the next one that comes back. */
export const isNewContainerBetter = ({ adding, inUse, waitedMs, noneBackMs }: ReuseLevel): boolean => {
  if (adding >= ENOUGH_PER_TENANT) return false
  return adding + inUse < ENOUGH_PER_TENANT || waitedMs >= LONGEST_WAIT_MS || noneBackMs >= NONE_BACK_MS
}
