/** Work that waits for its turn, of many tenants. */
export interface Lane {
  /** Returns a promise if others go first; it resolves when the work may start. What it does until its next `await` is its turn. */
  take(key: string): Promise<void> | undefined
  /** How much work of this key waits. */
  countWaiting(key: string): number
  /** Work of this lane that could not wait took this long. What comes next rests for it. */
  charge(spentMs: number): void
}

/**
 * Spreads work over turns of the event loop, so that one client cannot fill it.
 *
 *   atOnce       pieces of work that start in one turn of the loop. All else that waits for the loop comes between two turns
 *   restFactor   after a turn, the lane rests this many times as long as the turn took. 3: it has at most a quarter of the time
 *   isTimed      false: only what is charged counts as its time. Default: true
 *
 * Keys (tenants) take turns, so a tenant that sends much waits for itself.
 */
export const createLane = ({
  atOnce,
  restFactor,
  isTimed = true,
}: {
  readonly atOnce: number
  readonly restFactor: number
  readonly isTimed?: boolean
}): Lane => {
  const waiting = new Map<string, (() => void)[]>()
  let begun = 0
  let beganAt = 0
  let restUntil = 0
  let timer: NodeJS.Timeout | undefined

  const shift = (): (() => void) | undefined => {
    const [first] = waiting
    if (first === undefined) return undefined
    const [key, starts] = first
    const start = starts.shift()
    waiting.delete(key)
    if (starts.length > 0) waiting.set(key, starts)
    return start
  }

  const note = (): void => {
    begun += 1
    if (begun > 1) return
    beganAt = performance.now()
    // Everything that the work does before it waits for something comes before this.
    setImmediate(() => {
      begun = 0
      if (isTimed) charge(performance.now() - beganAt)
      goOn()
    })
  }

  const charge = (spentMs: number): void => {
    restUntil = Math.max(restUntil, performance.now()) + spentMs * restFactor
  }

  const goOn = (): void => {
    if (waiting.size === 0 || begun > 0 || timer !== undefined) return
    const restMs = restUntil - performance.now()
    if (restMs > 0) {
      timer = setTimeout(() => {
        timer = undefined
        goOn()
      }, Math.ceil(restMs))
      return
    }
    for (let start = shift(); start !== undefined; start = begun < atOnce ? shift() : undefined) {
      note()
      start()
    }
  }

  return {
    take(key) {
      const isFree = waiting.size === 0 && begun < atOnce && (restFactor === 0 || performance.now() >= restUntil)
      if (isFree) {
        note()
        return undefined
      }
      return new Promise((resolve) => {
        const starts = waiting.get(key)
        if (starts === undefined) waiting.set(key, [resolve])
        else starts.push(resolve)
        goOn()
      })
    },
    countWaiting: (key) => waiting.get(key)?.length ?? 0,
    charge,
  }
}
