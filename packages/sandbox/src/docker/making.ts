import type pLimit from 'p-limit'
import type { Logger } from '../logger.ts'
import type { Container } from './container.ts'
import type { Quiet } from './quiet.ts'

const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 10_000

/** Makes the containers of one kind, as many as are missing. */
export interface Making {
  /** Being made, or going to be. */
  readonly count: number
  /** Why the last one could not be made; undefined if it could, or none was tried yet. */
  readonly fault: unknown
  /** Begins what is missing. Call it after each change. */
  fill(): void
  /** Tries again at once after a fault, because a job has come. */
  retryNow(): void
  /** Makes one, needed or not, and never rejects: then `fault` says whether it can be done at the moment. */
  prove(): Promise<void>
  /** Makes no more; resolves when none is under way. */
  stop(): Promise<void>
}

/**
 * 1. For each job that waits one is made as soon as the engine has a place. The others are made in quiet moments, so that
 *    they never delay a job or a program that has just started.
 * 2. When its turn comes, one is made only if it is still missing.
 * 3. If making one fails, `onFailed` gets the error. A kind that is kept then tries again, with growing pauses, until it
 *    succeeds, even if none is missing: only so can the worker know that sandboxes can be made again.
 */
export const createMaking = (options: {
  readonly name: string
  /** Whether it tries again after a fault until it works. */
  readonly isKept: boolean
  /** How many are missing for jobs that wait, and how many for later. */
  readonly toMissing: () => { readonly now: number; readonly later: number }
  readonly isAwaited: () => boolean
  /** Limits how many containers are made at once, over all kinds. */
  readonly makeLimit: ReturnType<typeof pLimit>
  readonly quiet: Quiet
  readonly log: Logger
  readonly make: () => Promise<Container>
  readonly onMade: (container: Container) => void
  /** Awaited before another one is made. */
  readonly onFailed: (error: unknown) => Promise<void>
}): Making => {
  const { name, isKept, toMissing, isAwaited, makeLimit, quiet, log, make, onMade, onFailed } = options
  const underWay = new Set<Promise<void>>()
  let planned = 0
  let fault: unknown
  let retryMs = 0
  let retry: NodeJS.Timeout | undefined
  let isStopped = false

  const makeAndOffer = async (): Promise<void> => {
    try {
      const container = await make()
      if (fault !== undefined) log.info({ kind: name }, 'Sandboxes can be made again')
      fault = undefined
      retryMs = 0
      onMade(container)
    } catch (error) {
      if (isStopped) return
      if (isKept) {
        if (fault === undefined)
          log.warn({ kind: name, err: error }, 'Cannot make a sandbox; trying again until it works')
        fault = error
        retryMs = Math.min(retryMs * 2 || FIRST_RETRY_MS, LAST_RETRY_MS)
      }
      await onFailed(error)
    }
  }

  const makeOne = async (): Promise<void> => {
    const one = makeAndOffer()
    underWay.add(one)
    await one
    underWay.delete(one)
    fill()
  }

  const plan = (turn: (task: () => Promise<void>) => Promise<void>): void => {
    planned += 1
    void turn(async () => {
      planned -= 1
      const { now, later } = toMissing()
      if (!isStopped && retry === undefined && now + later > 0) await makeOne()
    })
  }

  const retryLater = (): void => {
    retry = setTimeout(() => {
      retry = undefined
      if (underWay.size === 0) void makeOne()
    }, retryMs)
    retry.unref()
  }

  const fill = (): void => {
    if (isStopped || retry !== undefined) return
    if (fault !== undefined && !isAwaited()) {
      retryLater()
      return
    }
    const { now, later } = toMissing()
    for (let more = now; more > 0; more -= 1) plan(makeLimit)
    for (let more = later; more > 0; more -= 1) plan(quiet.run)
  }

  return {
    get count() {
      return underWay.size + planned
    },
    get fault() {
      return fault
    },
    fill,
    retryNow() {
      clearTimeout(retry)
      retry = undefined
    },
    prove: makeOne,
    async stop() {
      isStopped = true
      clearTimeout(retry)
      await Promise.allSettled(underWay)
    },
  }
}
