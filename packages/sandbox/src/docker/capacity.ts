import { availableParallelism } from 'node:os'

/**
 * How many containers there are: all rules in one place, as functions of numbers. stock.ts counts, asks, and acts.
 *
 *   jobs that wait ─────▶ toNeeded: for how many of them a new container pays off
 *   one kind's numbers ─▶ toMake:   how many to make now, and how many in a quiet moment
 *   ready containers ───▶ isSpent, toSurplus, toExcess: how many of them go
 *
 *   blank   ready for the first job of any tenant
 *   busy    runs a job, or prepares for the next one of the same tenant
 *   idle    ready for the next job of its tenant
 */

/** The engine makes containers mostly one by one. More than two for each processor only wait inside the engine. */
export const MAKING_AT_ONCE = availableParallelism() * 2

/** With this many cells a tenant keeps all processors busy, even while some prepare for the next program … */
export const ENOUGH_PER_TENANT = availableParallelism() * 4
/** … unless its programs run for long, so that no cell has come back for this long … */
const NONE_BACK_MS = 200
/** … or a job has waited this long, because others were first. */
export const LONGEST_WAIT_MS = 2_000

/** A burst within this time finds as many containers as the last one needed. */
const PEAK_MS = 60_000
/** A cell that no job of its tenant needed for this long is given up. Longer than PEAK_MS, so that none is made in its place. */
const IDLE_MS = 75_000
/** Containers are replaced after this long, used or not: nothing on a host lives forever. */
export const MAXIMUM_AGE_MS = 10 * 60_000
/** No sandbox lasts longer. A container of one that is older belongs to nobody. */
export const LASTING_CEILING_MS = 24 * 3_600_000

/** The jobs of one tenant that wait for a container of one kind. */
export interface TenantWait {
  /** Whether a container that has served a job comes back to its tenant. */
  readonly comesBack: boolean
  readonly waiting: number
  /** Those that have waited for LONGEST_WAIT_MS. */
  readonly overdue: number
  /** Containers of this tenant that are busy. */
  readonly busy: number
  /** Since one last came back, or since the oldest of the jobs waits. */
  readonly noneBackMs: number
}

/** For how many of these jobs a new container is there sooner than one that comes back. */
export const toNeeded = ({ comesBack, waiting, overdue, busy, noneBackMs }: TenantWait): number => {
  if (!comesBack || noneBackMs >= NONE_BACK_MS) return waiting
  return Math.max(overdue, Math.min(waiting, ENOUGH_PER_TENANT - busy))
}

/** The containers of one kind at a moment. */
export interface KindLevel {
  readonly blank: number
  readonly idle: number
  /** Where a container serves one job only, it counts until it is removed. */
  readonly busy: number
  /** Being made, or going to be. */
  readonly making: number
  /** The sum of `toNeeded` over all tenants. */
  readonly needed: number
  /** The most that were busy or needed at once within the last minute. */
  readonly peak: number
  /** Blank ones that are kept in any case. */
  readonly min: number
  /** How many more ready containers there may be, of all kinds together. */
  readonly room: number
}

/** How many to make now, because jobs wait, and how many in a quiet moment. */
export const toMake = (level: KindLevel): { readonly now: number; readonly later: number } => {
  const { blank, idle, busy, making, needed, peak, min, room } = level
  // Anything else that the engine makes now would delay those that jobs wait for.
  if (needed > 0) return { now: Math.max(0, needed - making), later: 0 }
  const belowMin = min - blank - making
  const belowPeak = peak - blank - idle - busy - making
  return { now: 0, later: Math.max(0, belowMin, Math.min(belowPeak, room)) }
}

/** A container that is blank or idle. */
export interface ReadyContainer {
  readonly isBlank: boolean
  readonly readyMs: number
  readonly ageMs: number
}

/** Whether nobody should get it any more. */
export const isSpent = ({ isBlank, readyMs, ageMs }: ReadyContainer): boolean =>
  ageMs >= MAXIMUM_AGE_MS || (!isBlank && readyMs >= IDLE_MS)

/** How many blank ones of a kind are more than it keeps and than the last minute needed. */
export const toSurplus = ({ blank, idle, busy, peak, min }: KindLevel): number =>
  Math.max(0, Math.min(blank - min, blank + idle + busy - peak))

/** How many idle ones must go, of all kinds together: there may be `bound` ready ones, more would use too much memory. */
export const toExcess = ({
  blank,
  idle,
  bound,
}: Pick<KindLevel, 'blank' | 'idle'> & { readonly bound: number }): number =>
  Math.max(0, Math.min(idle, blank + idle - bound))

/** The highest of the numbers that were noted within the last minute. */
export interface Peak {
  note(count: number): void
  readonly value: number
}

export const createPeak = (now: () => number = () => performance.now()): Peak => {
  /** Each number is lower than the one before it. It counts from the moment in which a lower one followed. */
  const noted: { count: number; atMs: number }[] = []
  return {
    note(count) {
      const atMs = now()
      const before = noted.at(-1)
      if (before !== undefined && before.count > count) before.atMs = atMs
      while ((noted.at(-1)?.count ?? Number.POSITIVE_INFINITY) <= count) noted.pop()
      noted.push({ count, atMs })
    },
    get value() {
      // The last one is how it is now.
      while (noted.length > 1 && (noted[0]?.atMs ?? 0) + PEAK_MS <= now()) noted.shift()
      return noted[0]?.count ?? 0
    },
  }
}
