import { LONGEST_WAIT_MS, type ReadyContainer, toNeeded } from './capacity.ts'

interface Turn<C> {
  readonly sinceMs: number
  readonly resolve: (container: C) => void
  readonly reject: (reason: unknown) => void
}

/** What a tenant has and waits for. */
interface Share<C> {
  readonly waiting: Turn<C>[]
  /** Since when each is idle. The one that was used last comes last: its memory is still warm. */
  readonly idle: Map<C, number>
  readonly busy: Set<C>
  backMs: number
}

/** Which job gets which container of one kind. */
export interface HandOut<C> {
  /** A container for a job of this tenant, now or later. Rejects when `signal` aborts. */
  take(tenantId: string, signal: AbortSignal): Promise<C>
  addBlank(container: C): void
  /** It is ready for the next job of its tenant. */
  addIdle(container: C): void
  /** It has ended, or is about to be ended. */
  remove(container: C): void
  /** The job that has waited for longest gets this error; false if none waits. */
  failOne(reason: unknown): boolean
  failAll(reason: unknown): void
  readonly counts: { readonly blank: number; readonly idle: number; readonly busy: number; readonly needed: number }
  readonly isAwaited: boolean
  /** Those that are blank, oldest first, then those that are idle, the longest idle ones first. */
  readonly ready: readonly (Pick<ReadyContainer, 'isBlank' | 'readyMs'> & { readonly container: C })[]
}

/**
 * 1. A job gets the idle container of its tenant that was used last, or a blank one, or waits.
 * 2. One that becomes idle goes to the first job of its tenant that waits.
 * 3. A blank one goes to the tenant that has the fewest, so that nobody waits behind the many jobs of another tenant.
 * 4. One that a tenant had never goes to another tenant.
 */
export const createHandOut = <C>(comesBack: boolean, now: () => number = () => performance.now()): HandOut<C> => {
  const blank = new Map<C, number>()
  const shares = new Map<string, Share<C>>()

  const findShare = (container: C): Share<C> | undefined =>
    [...shares.values()].find(({ idle, busy }) => idle.has(container) || busy.has(container))

  const hand = ({ busy }: Share<C>, turn: Turn<C>, container: C): void => {
    busy.add(container)
    turn.resolve(container)
  }

  const serveIdle = (share: Share<C>): void => {
    const last = [...share.idle.keys()].at(-1)
    const turn = last === undefined ? undefined : share.waiting.shift()
    if (last === undefined || turn === undefined) return
    share.idle.delete(last)
    hand(share, turn, last)
  }

  const serveBlank = (): void => {
    const [container] = blank.keys()
    const [share] = [...shares.values()]
      .filter(({ waiting }) => waiting.length > 0)
      .toSorted((one, other) => one.busy.size - other.busy.size)
    const turn = container === undefined ? undefined : share?.waiting.shift()
    if (container === undefined || share === undefined || turn === undefined) return
    blank.delete(container)
    hand(share, turn, container)
  }

  const tidy = (): void => {
    for (const [tenantId, { waiting, idle, busy }] of shares) {
      if (waiting.length + idle.size + busy.size === 0) shares.delete(tenantId)
    }
  }

  const countNeeded = ({ waiting, busy, backMs }: Share<C>): number => {
    const nowMs = now()
    const overdue = waiting.filter(({ sinceMs }) => nowMs - sinceMs >= LONGEST_WAIT_MS).length
    const noneBackMs = nowMs - Math.max(waiting[0]?.sinceMs ?? nowMs, backMs)
    return toNeeded({ comesBack, waiting: waiting.length, overdue, busy: busy.size, noneBackMs })
  }

  const takeOldest = (): Turn<C> | undefined => {
    const [share] = [...shares.values()]
      .filter(({ waiting }) => waiting.length > 0)
      .toSorted((one, other) => (one.waiting[0]?.sinceMs ?? 0) - (other.waiting[0]?.sinceMs ?? 0))
    return share?.waiting.shift()
  }

  const fail = (reason: unknown): boolean => {
    const turn = takeOldest()
    turn?.reject(reason)
    tidy()
    return turn !== undefined
  }

  return {
    take(tenantId, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<C>()
      const share: Share<C> = shares.get(tenantId) ?? { waiting: [], idle: new Map(), busy: new Set(), backMs: 0 }
      shares.set(tenantId, share)
      const turn = { sinceMs: now(), resolve, reject }
      const leave = (): void => {
        const place = share.waiting.indexOf(turn)
        if (place < 0) return
        share.waiting.splice(place, 1)
        tidy()
        reject(signal.reason)
      }
      share.waiting.push(turn)
      if (signal.aborted) leave()
      signal.addEventListener('abort', leave, { once: true })
      serveIdle(share)
      serveBlank()
      return promise.finally(() => signal.removeEventListener('abort', leave))
    },
    addBlank(container) {
      blank.set(container, now())
      serveBlank()
    },
    addIdle(container) {
      const share = findShare(container)
      if (share === undefined) return
      share.busy.delete(container)
      share.backMs = now()
      share.idle.set(container, share.backMs)
      serveIdle(share)
    },
    remove(container) {
      blank.delete(container)
      const share = findShare(container)
      share?.idle.delete(container)
      share?.busy.delete(container)
      tidy()
    },
    failOne: fail,
    failAll(reason) {
      while (fail(reason));
    },
    get counts() {
      const all = [...shares.values()]
      const sum = (count: (share: Share<C>) => number) => all.reduce((total, share) => total + count(share), 0)
      return {
        blank: blank.size,
        idle: sum(({ idle }) => idle.size),
        busy: sum(({ busy }) => busy.size),
        needed: sum(countNeeded),
      }
    },
    get isAwaited() {
      return [...shares.values()].some(({ waiting }) => waiting.length > 0)
    },
    get ready() {
      const nowMs = now()
      const toReady =
        (isBlank: boolean) =>
        ([container, sinceMs]: [C, number]) => ({
          container,
          isBlank,
          readyMs: nowMs - sinceMs,
        })
      const idle = [...shares.values()].flatMap((share) => [...share.idle])
      return [
        ...[...blank].map(toReady(true)),
        ...idle.toSorted(([, one], [, other]) => one - other).map(toReady(false)),
      ]
    },
  }
}
