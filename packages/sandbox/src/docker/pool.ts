import type { Logger } from '../logger.ts'
import type { Container, ContainerOrder } from './container.ts'

export interface PoolOptions {
  readonly name: string
  readonly size: number
  /** What to make next; asked anew each time, for a deadline is part of it. */
  readonly order: () => ContainerOrder
  readonly log: Logger
  /** Makes one; bounded and shared by all pools, so that the engine is not asked for too many at once. */
  make(order: ContainerOrder): Promise<Container>
  discard(container: Container): void
}

/** Containers are replaced after this long, used or not: nothing on a host lives for ever. */
export const MAXIMUM_AGE_MS = 10 * 60_000
const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 10_000

export interface Pool {
  /** A ready container: at once if there is one, else the next to become ready. Rejects when none can be made. */
  take(signal: AbortSignal): Promise<Container>
  close(): void
}

/**
 * Containers of one language, ready before anyone asks.
 *
 * It keeps `size` of them ready or in the making, and one in the making for everybody who waits. Those who wait are
 * served first, in order. One that dies or grows old in here is replaced. If making fails, whoever waits is told, and
 * the pool tries again with growing pauses until it succeeds.
 */
export const createPool = ({ name, size, order, log, make, discard }: PoolOptions): Pool => {
  const ready = new Map<Container, NodeJS.Timeout>()
  const waiting: PromiseWithResolvers<Container>[] = []
  let making = 0
  let retryMs = 0
  let retry: NodeJS.Timeout | undefined
  let closed = false

  const drop = (container: Container) => {
    clearTimeout(ready.get(container))
    if (ready.delete(container)) discard(container)
    fill()
  }

  const offer = (container: Container) => {
    if (closed) return discard(container)
    const next = waiting.shift()
    if (next !== undefined) return next.resolve(container)
    const old = setTimeout(() => drop(container), MAXIMUM_AGE_MS)
    old.unref()
    ready.set(container, old)
    void container.channel.closed.then(() => drop(container))
  }

  const makeOne = async () => {
    making += 1
    try {
      const container = await make(order())
      if (retryMs > 0) log.info({ pool: name }, 'Sandboxes can be made again')
      retryMs = 0
      offer(container)
    } catch (error) {
      if (closed) return
      if (retryMs === 0) log.warn({ pool: name, err: error }, 'Cannot make a sandbox; trying again until it works')
      retryMs = Math.min(retryMs * 2 || FIRST_RETRY_MS, LAST_RETRY_MS)
      waiting.shift()?.reject(error)
    } finally {
      making -= 1
      fill()
    }
  }

  const fill = () => {
    if (closed || retry !== undefined) return
    if (retryMs > 0 && waiting.length === 0) {
      retry = setTimeout(() => {
        retry = undefined
        if (making === 0 && ready.size < size) void makeOne()
      }, retryMs)
      retry.unref()
      return
    }
    while (making < size - ready.size + waiting.length) void makeOne()
  }

  fill()
  return {
    take(signal) {
      const [first] = ready.keys()
      if (first !== undefined) {
        clearTimeout(ready.get(first))
        ready.delete(first)
        fill()
        return Promise.resolve(first)
      }
      const turn = Promise.withResolvers<Container>()
      waiting.push(turn)
      const leave = () => {
        const place = waiting.indexOf(turn)
        if (place >= 0) waiting.splice(place, 1)
        turn.reject(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      if (signal.aborted) leave()
      clearTimeout(retry)
      retry = undefined
      fill()
      return turn.promise.finally(() => signal.removeEventListener('abort', leave))
    },
    close() {
      closed = true
      clearTimeout(retry)
      for (const turn of waiting.splice(0)) turn.reject(new Error('The worker is stopping'))
      for (const [container, old] of ready) {
        clearTimeout(old)
        discard(container)
      }
      ready.clear()
    },
  }
}
