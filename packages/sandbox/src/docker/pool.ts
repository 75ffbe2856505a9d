import type pLimit from 'p-limit'
import type { Logger } from '../logger.ts'
import type { BackgroundTasks } from './background-tasks.ts'
import { createDemand, isPoolShort, type PoolLevel, toMake } from './capacity.ts'
import type { Container } from './container.ts'

export interface PoolOptions {
  readonly name: string
  /** Kept ready in any case. */
  readonly min: number
  /** How many more containers the pools of all languages may have together. */
  readonly room: () => number
  readonly log: Logger
  readonly tasks: BackgroundTasks
  /** Limits how many containers are made at once for jobs that wait, over all pools. */
  readonly makeLimit: ReturnType<typeof pLimit>
  make(): Promise<Container>
  discard(container: Container): void
}

/** Containers are replaced after this long, used or not: nothing on a host lives forever. */
export const MAXIMUM_AGE_MS = 10 * 60_000
const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 10_000

export interface Pool {
  /** A ready container: at once if there is one, else the next to become ready. Rejects if none can be made. */
  take(signal: AbortSignal): Promise<Container>
  /** Ready now. */
  readonly idle: number
  /** Ready, or going to be. */
  readonly size: number
  /** Why the last one could not be made; undefined if it could, or none was tried yet. */
  readonly fault: unknown
  /** Makes one, needed or not, and never rejects: then `fault` says whether it can be done at the moment. */
  prove(): Promise<void>
  close(): void
}

/**
 * Containers of one language, ready before a job comes. capacity.ts decides how many.
 *
 * 1. A job takes a ready container, or waits. Jobs that wait are served first, in order, by the next container that is ready.
 * 2. For each job that waits, one is made as soon as the engine has a place. What the pool lacks is made in the background,
 *    so that it never delays a job that waits or a program that has just started.
 * 3. A container that dies or grows old in the pool is replaced.
 * 4. If making one fails, the first job that waits gets the error. The pool tries again, with growing pauses, until it
 *    succeeds, even if no job waits and it has enough: only so can the worker know that sandboxes can be made again.
 */
export const createPool = (options: PoolOptions): Pool => {
  const { name, min, room, log, tasks, makeLimit, make, discard } = options
  const ready = new Map<Container, NodeJS.Timeout>()
  const waiting: PromiseWithResolvers<Container>[] = []
  const demand = createDemand()
  let making = 0
  let queued = 0
  let planned = 0
  let fault: unknown
  let retryMs = 0
  let retry: NodeJS.Timeout | undefined
  let closed = false

  const level = (): PoolLevel => ({
    ready: ready.size,
    making,
    queued,
    planned,
    waiting: waiting.length,
    min,
    expected: demand.expected(),
    room: room(),
  })

  const drop = (container: Container) => {
    clearTimeout(ready.get(container))
    if (ready.delete(container)) discard(container)
    fill()
  }

  /** Takes the first of the jobs that wait off the list. */
  const nextWaiting = (): PromiseWithResolvers<Container> | undefined => {
    const next = waiting.shift()
    demand.setWaiting(waiting.length > 0)
    return next
  }

  const offer = (container: Container) => {
    if (closed) return discard(container)
    const next = nextWaiting()
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
      nextWaiting()?.reject(error)
    } finally {
      making -= 1
      fill()
    }
  }

  const makeForWaiting = () => {
    queued += 1
    void makeLimit(async () => {
      queued -= 1
      // By now the job may have got another container, or have left.
      if (!closed && waiting.length > making) await makeOne()
    })
  }

  const makeForPool = () => {
    planned += 1
    void tasks.add('making', async () => {
      planned -= 1
      if (!closed && retry === undefined && isPoolShort(level())) await makeOne()
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
    const { now, background } = toMake(level())
    for (let more = now; more > 0; more -= 1) makeForWaiting()
    for (let more = background; more > 0; more -= 1) makeForPool()
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
    get idle() {
      return ready.size
    },
    get size() {
      return ready.size + making + planned
    },
    get fault() {
      return fault
    },
    prove: () => makeLimit(() => makeOne(() => waiting.length > 0 || ready.size < min)),
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
