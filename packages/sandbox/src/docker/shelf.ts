import { setTimeout as delay } from 'node:timers/promises'
import type { Container } from './container.ts'
import { withDeadline } from './deadline.ts'
import { MAXIMUM_AGE_MS } from './pool.ts'

/** A sandbox that its tenant has not asked for again by then makes room. */
const IDLE_MS = 30_000
/** To kill what a job left, remove its files and start the next interpreter: more than any amount of files takes. */
const TIDYING_MS = 10_000
/** Tidying up takes milliseconds as a rule, a new container a tenth of a second of the engine's time. */
const WORTH_WAITING_MS = 50

/** Sandboxes between two jobs of their tenants. */
export interface Shelf {
  /** The one used last, for its memory is still warm, or one that is about to be tidy; undefined where none is. */
  take(owner: string): Promise<Container | undefined>
  /** The next one that comes back; for whoever has nothing better. Rejects when `signal` aborts. */
  next(owner: string, signal: AbortSignal): Promise<Container>
  /** It may serve another job of this owner once `ready` resolves; where that does not come it is discarded. */
  put(owner: string, container: Container, ready: Promise<{ warm: boolean }>): void
  /** It has ended by itself. */
  forget(container: Container): void
  close(): void
}

/**
 * Where containers wait that serve one tenant's jobs one after another (`isolation: "tenant"`). `owner` names who may
 * have it and what it is: it never serves anybody else, and is given up when it has been idle for half a minute or is
 * ten minutes old. How many jobs it serves at most follows from its users (uid-block.ts).
 *
 *   put ──▶ tidying ──▶ whoever waits, else idle ──▶ take
 */
export const createShelf = (discard: (container: Container) => void): Shelf => {
  const idle = new Map<Container, { readonly owner: string; readonly timer: NodeJS.Timeout }>()
  const waiting = new Set<{ readonly owner: string; readonly resolve: (container: Container) => void }>()
  const tidying = new Map<Container, string>()
  let closed = false

  const remove = (container: Container): boolean => {
    clearTimeout(idle.get(container)?.timer)
    return idle.delete(container)
  }
  const drop = (container: Container): void => {
    if (remove(container)) discard(container)
  }

  const offer = (owner: string, container: Container) => {
    if (closed || performance.now() - container.bornMs > MAXIMUM_AGE_MS) return discard(container)
    const turn = [...waiting].find((one) => one.owner === owner)
    if (turn !== undefined) {
      waiting.delete(turn)
      return turn.resolve(container)
    }
    const timer = setTimeout(() => drop(container), IDLE_MS)
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

  const count = (owners: Iterable<string>, owner: string): number => [...owners].filter((one) => one === owner).length

  return {
    async take(owner) {
      const container = [...idle].findLast(([, place]) => place.owner === owner)?.[0]
      if (container !== undefined) {
        remove(container)
        return container
      }
      const others = [...waiting].map((turn) => turn.owner)
      if (count(tidying.values(), owner) <= count(others, owner)) return undefined
      const enough = new AbortController()
      const soon = next(owner, enough.signal).catch(() => undefined)
      await Promise.race([soon, delay(WORTH_WAITING_MS, undefined, { signal: enough.signal }).catch(() => {})])
      enough.abort()
      return soon
    },

    next,

    put(owner, container, ready) {
      tidying.set(container, owner)
      withDeadline(ready, TIDYING_MS, 'ready again').then(
        ({ warm }) => {
          tidying.delete(container)
          container.isWarm = warm
          offer(owner, container)
        },
        () => {
          tidying.delete(container)
          discard(container)
        },
      )
    },

    forget: drop,

    close() {
      closed = true
      for (const container of [...idle.keys()]) drop(container)
    },
  }
}
