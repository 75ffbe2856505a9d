import type pLimit from 'p-limit'
import type { Logger } from '../logger.ts'
import type { BackgroundTasks } from './background-tasks.ts'
import type { Container } from './container.ts'
import { createDemand } from './demand.ts'

export interface PoolOptions {
  readonly name: string
  /** Kept ready, whatever happens. */
  readonly min: number
  /** Whether one more than `min` may be kept: the room for those is shared by all pools. */
  readonly mayGrow: () => boolean
  readonly log: Logger
  readonly tasks: BackgroundTasks
  /** Bounds what is made for those who wait; shared by all pools. */
  readonly inTurn: ReturnType<typeof pLimit>
  make(): Promise<Container>
  discard(container: Container): void
}

/** Containers are replaced after this long, used or not: nothing on a host lives for ever. */
export const MAXIMUM_AGE_MS = 10 * 60_000
const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 10_000

export interface Pool {
  /** A ready container: at once if there is one, else the next to become ready. Rejects when none can be made. */
  take(signal: AbortSignal): Promise<Container>
  /** Ready, or going to be. */
  readonly size: number
  /** Why the last one could not be made; undefined where it could, or none has been tried yet. */
  readonly fault: unknown
  /** Makes one, wanted or not, and never rejects: `fault` then says whether it can be done just now. */
  prove(): Promise<void>
  close(): void
}

/**
 * Containers of one language, ready before anyone asks.
 *
 *   wanted = what the last minutes' demand makes likely, at least `min`, more only while there is room
 *
 * For everybody who waits one is made at once, in their turn; what is missing in the stock is made in the background, so that
 * it is never in the way of those who wait, nor of programs that just began. Whoever waits is served first, in order, by
 * whatever becomes ready first. One that dies or grows old in here is replaced. If making fails, whoever waits is told,
 * and the pool tries again with growing pauses until it succeeds, also where nobody waits and it has enough: only so
 * does anybody find out that sandboxes can be made again.
 */
export const createPool = (options: PoolOptions): Pool => {
  const { name, min, mayGrow, log, tasks, inTurn, make, discard } = options
  const ready = new Map<Container, NodeJS.Timeout>()
  const waiting: PromiseWithResolvers<Container>[] = []
  const demand = createDemand()
  /** Being made; asked to be made for those who wait; waiting as a background task. */
  let making = 0
  let asked = 0
  let stocking = 0
  let fault: unknown
  let retryMs = 0
  let retry: NodeJS.Timeout | undefined
  let closed = false

  const size = () => ready.size + making + stocking

  const drop = (container: Container) => {
    clearTimeout(ready.get(container))
    if (ready.delete(container)) discard(container)
    fill()
  }

  /** Of those who wait the first, who does so no more. */
  const serveNext = (): PromiseWithResolvers<Container> | undefined => {
    const next = waiting.shift()
    demand.setWaiting(waiting.length > 0)
    return next
  }

  const offer = (container: Container) => {
    if (closed) return discard(container)
    const next = serveNext()
    if (next !== undefined) return next.resolve(container)
    const old = setTimeout(() => drop(container), MAXIMUM_AGE_MS)
    old.unref()
    ready.set(container, old)
    void container.connection.closed.then(() => drop(container))
  }

  const succeedAgain = () => {
    log.info({ pool: name }, 'Sandboxes can be made again')
    fault = undefined
    retryMs = 0
    clearTimeout(retry)
    retry = undefined
  }

  const makeOne = async (mayKeep = () => true) => {
    making += 1
    try {
      const container = await make()
      if (fault !== undefined) succeedAgain()
      if (mayKeep()) offer(container)
      else discard(container)
    } catch (error) {
      if (closed) return
      if (fault === undefined)
        log.warn({ pool: name, err: error }, 'Cannot make a sandbox; trying again until it works')
      fault = error
      retryMs = Math.min(retryMs * 2 || FIRST_RETRY_MS, LAST_RETRY_MS)
      serveNext()?.reject(error)
    } finally {
      making -= 1
      fill()
    }
  }

  /** In the meantime somebody may have been served otherwise, or have gone. */
  const makeForWaiting = () => {
    asked += 1
    void inTurn(async () => {
      asked -= 1
      if (!closed && waiting.length > making) await makeOne()
    })
  }

  const isShort = () => ready.size + making - waiting.length < min || (wantsMore() && mayGrow())
  const wantsMore = () => ready.size + making - waiting.length < demand.expected()
  /** Whoever waits for longer than that waits for the engine, and anything else it makes is in the way. */
  const isOneMadeForEach = () => waiting.length <= making

  const makeForStock = () => {
    stocking += 1
    void tasks.add('making', async () => {
      stocking -= 1
      if (!closed && retry === undefined && isOneMadeForEach() && isShort()) await makeOne()
    })
  }

  const fill = () => {
    if (closed || retry !== undefined) return
    if (fault !== undefined && waiting.length === 0) {
      retry = setTimeout(() => {
        retry = undefined
        if (making === 0) void makeOne()
      }, retryMs)
      retry.unref()
      return
    }
    while (making + asked < waiting.length) makeForWaiting()
    if (!isOneMadeForEach()) return
    const missing = Math.max(min, demand.expected()) - (ready.size + making + stocking - waiting.length)
    for (let more = missing; more > 0 && (size() < min || mayGrow()); more -= 1) makeForStock()
  }

  fill()
  return {
    take(signal) {
      demand.arrive()
      const [first] = ready.keys()
      if (first !== undefined) {
        clearTimeout(ready.get(first))
        ready.delete(first)
        fill()
        return Promise.resolve(first)
      }
      const turn = Promise.withResolvers<Container>()
      waiting.push(turn)
      demand.setWaiting(true)
      const leave = () => {
        const place = waiting.indexOf(turn)
        if (place >= 0) waiting.splice(place, 1)
        demand.setWaiting(waiting.length > 0)
        turn.reject(signal.reason)
        fill()
      }
      signal.addEventListener('abort', leave, { once: true })
      if (signal.aborted) leave()
      clearTimeout(retry)
      retry = undefined
      fill()
      return turn.promise.finally(() => signal.removeEventListener('abort', leave))
    },
    get size() {
      return size()
    },
    get fault() {
      return fault
    },
    prove: () => inTurn(() => makeOne(() => waiting.length > 0 || ready.size < min)),
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
