import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Container } from './container.ts'
import { withDeadline } from './deadline.ts'
import { MAXIMUM_AGE_MS } from './pool.ts'

/** A sandbox that its tenant has not asked for again by then makes room. */
const IDLE_MS = 30_000
/** To kill what a job left, remove its files and start the next interpreter: more than any amount of files takes. */
const CLEANING_MS = 10_000
/** Tidying up takes milliseconds as a rule, a new container a tenth of a second of the engine's time. */
const CLEAN_SOON_MS = 50
/** Who has this many keeps all processors busy, some of them on their way: another one would make nothing quicker … */
const ENOUGH = availableParallelism() * 4
/** … unless their programs go on, so that none has come back for this long … */
const NONE_BACK_MS = 200
/** … or others came first for this long. */
const LONGEST_MS = 2_000
const LOOK_AGAIN_MS = 50

/** Sandboxes between two jobs of their tenants. */
export interface ReusePool {
  /** The one used last, for its memory is still warm; undefined where none is idle. */
  take(key: string): Container | undefined
  /** The next one with this key that comes back. Rejects when `signal` aborts. */
  next(key: string, signal: AbortSignal): Promise<Container>
  /** Resolves once a new one is likely to be there before whoever asks has the next: at once, or after two seconds at most. */
  untilNewIsBetter(key: string, signal: AbortSignal): Promise<void>
  /** Adds a new one, as if it had come back. Rejects as `fresh` does. */
  add(key: string, fresh: Promise<Container>): Promise<void>
  /** It is in use from here on, until it is put back or forgotten. */
  lend(key: string, container: Container): void
  /** It may serve another job once `ready` resolves; if that does not happen in time, it is discarded. */
  put(key: string, container: Container, ready: Promise<{ warm: boolean }>): void
  /** It has ended, or is about to be ended. */
  forget(container: Container): void
  close(): void
}

/**
 * Containers between two jobs of one tenant (`isolation: "tenant"`). A `key` says which tenant may have the container and
 * what it is (language, disk): it never serves a job with another key. It is given up when it has been idle for half a
 * minute or is ten minutes old. How many jobs it serves at most follows from its users (uid-block.ts).
 *
 *                   add ──▶┐
 *   lend ──▶ put ──▶ cleaning ──▶ the first job that waits, or idle ──▶ take ──▶ lend
 */
export const createReusePool = (discard: (container: Container) => void): ReusePool => {
  const idle = new Map<Container, { readonly key: string; readonly timer: NodeJS.Timeout }>()
  const waiting = new Set<{ readonly key: string; readonly resolve: (container: Container) => void }>()
  /** When one last came back. */
  const backAt = new Map<string, number>()
  const lent = new Map<Container, string>()
  const cleaning = new Map<Container, string>()
  const adding = new Map<Promise<Container>, string>()
  let closed = false

  const count = (keys: Iterable<string>, key: string): number => [...keys].filter((one) => one === key).length
  const countInUse = (key: string): number => count(cleaning.values(), key) + count(lent.values(), key)
  const countAdding = (key: string): number => count(adding.values(), key)

  const forget = (container: Container): void => {
    const place = idle.get(container)
    const key = place?.key ?? lent.get(container) ?? cleaning.get(container)
    clearTimeout(place?.timer)
    for (const held of [idle, lent, cleaning]) held.delete(container)
    if (key !== undefined && countInUse(key) === 0) backAt.delete(key)
  }
  const end = (container: Container): void => {
    forget(container)
    discard(container)
  }

  const offer = (key: string, container: Container) => {
    if (closed || performance.now() - container.bornMs > MAXIMUM_AGE_MS) return end(container)
    const turn = [...waiting].find((one) => one.key === key)
    if (turn !== undefined) {
      waiting.delete(turn)
      return turn.resolve(container)
    }
    const timer = setTimeout(() => end(container), IDLE_MS)
    timer.unref()
    idle.set(container, { key, timer })
  }

  const next = (key: string, signal: AbortSignal): Promise<Container> => {
    const { promise, resolve, reject } = Promise.withResolvers<Container>()
    const turn = { key, resolve }
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
    take(key) {
      const container = [...idle].findLast(([, place]) => place.key === key)?.[0]
      if (container !== undefined) forget(container)
      return container
    },

    next,

    async untilNewIsBetter(key, signal) {
      const since = performance.now()
      const isWorthWaiting = (): boolean => {
        const lastBack = Math.max(since, backAt.get(key) ?? since)
        return performance.now() < Math.min(since + LONGEST_MS, lastBack + NONE_BACK_MS)
      }
      while (countAdding(key) >= ENOUGH || (countAdding(key) + countInUse(key) >= ENOUGH && isWorthWaiting())) {
        await delay(LOOK_AGAIN_MS, undefined, { signal })
      }
      const others = [...waiting].map((turn) => turn.key)
      if (count(cleaning.values(), key) >= count(others, key)) await delay(CLEAN_SOON_MS, undefined, { signal })
      signal.throwIfAborted()
    },

    async add(key, fresh) {
      adding.set(fresh, key)
      try {
        offer(key, await fresh)
      } finally {
        adding.delete(fresh)
      }
    },

    lend: (key, container) => void lent.set(container, key),

    put(key, container, ready) {
      lent.delete(container)
      cleaning.set(container, key)
      withDeadline(ready, CLEANING_MS, 'ready again').then(
        ({ warm }) => {
          cleaning.delete(container)
          container.isWarm = warm
          backAt.set(key, performance.now())
          offer(key, container)
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
