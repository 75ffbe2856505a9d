import { setTimeout as delay } from 'node:timers/promises'
import { isNewContainerBetter } from './capacity.ts'
import type { Container } from './container.ts'
import { withDeadline } from './deadline.ts'
import { MAXIMUM_AGE_MS } from './pool.ts'

/** A container that no job of its tenant needed for this long is given up. */
const IDLE_MS = 30_000
/** To kill what a job left, remove its files and start the next interpreter. No amount of files takes longer. */
const CLEANING_TIMEOUT_MS = 10_000
/** Cleaning usually takes milliseconds, a new container a tenth of a second of the engine's time. */
const CLEAN_SOON_MS = 50
const LOOK_AGAIN_MS = 50

/** Containers between two jobs of one tenant. */
export interface ReusePool {
  /** The idle one that was used last, because its memory is still warm; undefined if none is idle. */
  take(key: string): Container | undefined
  /** The next one with this key that comes back. Rejects when `signal` aborts. */
  next(key: string, signal: AbortSignal): Promise<Container>
  /** Resolves when a new one is likely to be there before the next one comes back: at once, or after two seconds at most. */
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
 * what it is (language, disk, memory for what waits in it): it never serves a job with another key. It is given up when it has been idle for half a
 * minute or is ten minutes old. How many jobs it serves at most follows from its users (uid-block.ts).
 *
 *                   add ──▶┐
 *   lend ──▶ put ──▶ cleaning ──▶ the first job that waits, or idle ──▶ take ──▶ lend
 */
export const createReusePool = (discard: (container: Container) => void): ReusePool => {
  const idle = new Map<Container, { readonly key: string; readonly timer: NodeJS.Timeout }>()
  const waiting = new Set<{ readonly key: string; readonly resolve: (container: Container) => void }>()
  /** When a container with a key last came back. */
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
      const sinceMs = performance.now()
      const isBetter = (): boolean => {
        const now = performance.now()
        const lastBackMs = Math.max(sinceMs, backAt.get(key) ?? sinceMs)
        const [waitedMs, noneBackMs] = [now - sinceMs, now - lastBackMs]
        return isNewContainerBetter({ adding: countAdding(key), inUse: countInUse(key), waitedMs, noneBackMs })
      }
      while (!isBetter()) await delay(LOOK_AGAIN_MS, undefined, { signal })
      // As many are being cleaned as jobs wait: each of these jobs probably has one in a moment.
      const waitingKeys = [...waiting].map((turn) => turn.key)
      if (count(cleaning.values(), key) >= count(waitingKeys, key)) await delay(CLEAN_SOON_MS, undefined, { signal })
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
      withDeadline(ready, CLEANING_TIMEOUT_MS, 'ready again').then(
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
