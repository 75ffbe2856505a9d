import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Container } from './container.ts'
import { withDeadline } from './deadline.ts'
import { MAXIMUM_AGE_MS } from './pool.ts'

/** A sandbox that its tenant has not asked for again by then makes room. */
const IDLE_MS = 30_000
/** To kill what a job left, remove its files and start the next interpreter: more than any amount of files takes. */
const TIDYING_MS = 10_000
/** Tidying up takes milliseconds as a rule, a new container a tenth of a second of the engine's time. */
const TIDY_SOON_MS = 50
/** Who has this many keeps all processors busy, some of them on their way: another one would make nothing quicker … */
const ENOUGH = availableParallelism() * 4
/** … unless their programs go on, so that none has come back for this long … */
const NONE_BACK_MS = 200
/** … or others came first for this long. */
const LONGEST_MS = 2_000
const LOOK_AGAIN_MS = 50

/** Sandboxes between two jobs of their tenants. */
export interface Shelf {
  /** The one used last, for its memory is still warm; undefined where none is idle. */
  take(owner: string): Container | undefined
  /** The next one that comes back. Rejects when `signal` aborts. */
  next(owner: string, signal: AbortSignal): Promise<Container>
  /** Resolves once a new one is likely to be there before whoever asks has the next: at once, or after two seconds at most. */
  untilNewIsBetter(owner: string, signal: AbortSignal): Promise<void>
  /** A new one for this owner, who gets it as one that comes back. Rejects as it does. */
  bring(owner: string, fresh: Promise<Container>): Promise<void>
  /** This owner uses it from here on, until it is put back or forgotten. */
  lend(owner: string, container: Container): void
  /** It may serve another job of this owner once `ready` resolves; where that does not come it is discarded. */
  put(owner: string, container: Container, ready: Promise<{ warm: boolean }>): void
  /** It has ended, or is about to be ended. */
  forget(container: Container): void
  close(): void
}

/**
 * Where containers wait that serve one tenant's jobs one after another (`isolation: "tenant"`). `owner` names who may
 * have it and what it is: it never serves anybody else, and is given up when it has been idle for half a minute or is
 * ten minutes old. How many jobs it serves at most follows from its users (uid-block.ts).
 *
 *                   bring ──▶┐
 *   lend ──▶ put ──▶ tidying ──▶ whoever waits, else idle ──▶ take ──▶ lend
 */
export const createShelf = (discard: (container: Container) => void): Shelf => {
  const idle = new Map<Container, { readonly owner: string; readonly timer: NodeJS.Timeout }>()
  const waiting = new Set<{ readonly owner: string; readonly resolve: (container: Container) => void }>()
  /** When one last came back. */
  const backAt = new Map<string, number>()
  const lent = new Map<Container, string>()
  const tidying = new Map<Container, string>()
  const bringing = new Map<Promise<Container>, string>()
  let closed = false

  const count = (owners: Iterable<string>, owner: string): number => [...owners].filter((one) => one === owner).length
  const countInUse = (owner: string): number => count(tidying.values(), owner) + count(lent.values(), owner)
  const countBrought = (owner: string): number => count(bringing.values(), owner)

  const forget = (container: Container): void => {
    const place = idle.get(container)
    const owner = place?.owner ?? lent.get(container) ?? tidying.get(container)
    clearTimeout(place?.timer)
    for (const held of [idle, lent, tidying]) held.delete(container)
    if (owner !== undefined && countInUse(owner) === 0) backAt.delete(owner)
  }
  const end = (container: Container): void => {
    forget(container)
    discard(container)
  }

  const offer = (owner: string, container: Container) => {
    if (closed || performance.now() - container.bornMs > MAXIMUM_AGE_MS) return end(container)
    const turn = [...waiting].find((one) => one.owner === owner)
    if (turn !== undefined) {
      waiting.delete(turn)
      return turn.resolve(container)
    }
    const timer = setTimeout(() => end(container), IDLE_MS)
    timer.unref()
    idle.set(container, { owner, timer })
  }

  const next = (owner: string, signal: AbortSignal): Promise<Container> => {
    const { promise, resolve, reject } = Promise.withResolvers<Container>()
    const turn = { owner, resolve }
    waiting.add(turn)
    const leave = (): void => {
      waiting.delete(turn)
      reject(signal.reason)
    }
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted) leave()
    return promise.finally(() => signal.removeEventListener('abort', leave))
  }

  return {
    take(owner) {
      const container = [...idle].findLast(([, place]) => place.owner === owner)?.[0]
      if (container !== undefined) forget(container)
      return container
    },

    next,

    async untilNewIsBetter(owner, signal) {
      const since = performance.now()
      const isWorthWaiting = (): boolean => {
        const lastBack = Math.max(since, backAt.get(owner) ?? since)
        return performance.now() < Math.min(since + LONGEST_MS, lastBack + NONE_BACK_MS)
      }
      while (countBrought(owner) >= ENOUGH || (countBrought(owner) + countInUse(owner) >= ENOUGH && isWorthWaiting())) {
        await delay(LOOK_AGAIN_MS, undefined, { signal })
      }
      const others = [...waiting].map((turn) => turn.owner)
      if (count(tidying.values(), owner) >= count(others, owner)) await delay(TIDY_SOON_MS, undefined, { signal })
      signal.throwIfAborted()
    },

    async bring(owner, fresh) {
      bringing.set(fresh, owner)
      try {
        offer(owner, await fresh)
      } finally {
        bringing.delete(fresh)
      }
    },

    lend: (owner, container) => void lent.set(container, owner),

    put(owner, container, ready) {
      lent.delete(container)
      tidying.set(container, owner)
      withDeadline(ready, TIDYING_MS, 'ready again').then(
        ({ warm }) => {
          tidying.delete(container)
          container.isWarm = warm
          backAt.set(owner, performance.now())
          offer(owner, container)
        },
        () => end(container),
      )
    },

    forget(container) {
      if (idle.has(container)) end(container)
      else forget(container)
    },

    close() {
      closed = true
      for (const container of [...idle.keys()]) end(container)
    },
  }
}
