/** What comes within a second must have been there before: a used-up stock takes longer to make again … */
const WINDOW_MS = 1_000
/** … however long the second is drawn out by those who wait. */
const LONGEST_WINDOW_MS = 10_000
/** A burst is reckoned with whole for this long … */
const HOLD_MS = 60_000
/** … and from then on with half of it after each such time. */
const HALF_LIFE_MS = 60_000

/** How many sandboxes of a language the next second may ask for. */
export interface Demand {
  /** One was asked for. */
  arrive(): void
  /** From here on somebody waits for a sandbox, or nobody does. */
  setWaiting(someoneWaits: boolean): void
  expected(): number
}

/**
 * Reckons with the largest number of arrivals that one second has brought: for a minute, then with half as many every
 * minute. So a burst that comes again within a minute or two finds a sandbox for each of its jobs, and a quiet evening
 * costs no memory.
 *
 * Time in which somebody waits for a sandbox does not count. Had there been enough, it would not have passed: who asks for
 * one after another would have asked for the next that much sooner, and is to find them all the next time, not a few more.
 */
export const createDemand = (now: () => number = () => performance.now()): Demand => {
  /** The arrivals of the last second, oldest first: when, and when without all waiting. */
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
    setWaiting(someoneWaits) {
      if (someoneWaits === (waitingSince !== undefined)) return
      const at = now()
      waitedMs = waitedUntil(at)
      waitingSince = someoneWaits ? at : undefined
    },
    expected: () => Math.round(remembered(now())),
  }
}
