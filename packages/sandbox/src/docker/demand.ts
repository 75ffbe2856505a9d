/** A used-up stock is made again within about this long: what comes within it must have been there before. */
const WINDOW_MS = 1_000
/** A burst is reckoned with whole for this long … */
const HOLD_MS = 60_000
/** … and from then on with half of it after each such time. */
const HALF_LIFE_MS = 60_000

/** How many sandboxes of a language the next second may ask for. */
export interface Demand {
  /** One was asked for. */
  arrive(): void
  expected(): number
}

/**
 * Reckons with the largest number of arrivals that one second has brought: for a minute, then with half as many every
 * minute. So a burst that comes again within a minute or two finds a sandbox for each of its jobs, and a quiet evening
 * costs no memory.
 */
export const createDemand = (now: () => number = () => performance.now()): Demand => {
  /** The arrivals of the last second, oldest first. */
  const recent: number[] = []
  let peak = 0
  let peakAt = now()

  const remembered = (at: number): number => peak * 0.5 ** (Math.max(0, at - peakAt - HOLD_MS) / HALF_LIFE_MS)

  return {
    arrive() {
      const at = now()
      while ((recent[0] ?? at) <= at - WINDOW_MS) recent.shift()
      recent.push(at)
      if (recent.length < remembered(at)) return
      peak = recent.length
      peakAt = at
    },
    expected: () => Math.round(remembered(now())),
  }
}
