import type pLimit from 'p-limit'
import type { Logger } from '../logger.ts'
import { isSpent, toExcess } from './capacity.ts'
import { type Container, startContainer } from './container.ts'
import { withDeadline } from './deadline.ts'
import type { Disposal } from './dispose.ts'
import type { Engine } from './engine.ts'
import { createKind, type Kind, type KindRequest } from './kind.ts'
import type { Quiet } from './quiet.ts'

/** To take the last program's namespaces apart and prepare the next ones. No program can make it take longer. */
const READY_AGAIN_TIMEOUT_MS = 10_000
/** While jobs wait: the rules of capacity.ts depend on how long. */
const LOOK_WHILE_AWAITED_MS = 50
const LOOK_MS = 1_000

/** All containers of a worker, and the jobs that wait for one. */
export interface Stock {
  /** Keeps the minimum of this kind from now on. */
  keep(request: KindRequest): void
  /** A container for a job of this tenant. Rejects if none can be made, or when `signal` aborts. */
  take(request: KindRequest, tenantId: string, signal: AbortSignal): Promise<Container>
  /** Its job is over. It serves another job of that tenant once `ready` resolves; if that does not happen in time, it goes. */
  giveBack(container: Container, ready: Promise<{ readonly warm: boolean }>): void
  /** Its job is over, and it serves no other. */
  end(container: Container): void
  /** Why the last container of a kind could not be made, of those kinds that are kept. */
  readonly fault: { readonly name: string; readonly reason: unknown } | undefined
  /** Containers that wait for a job. */
  readonly ready: number
  close(): Promise<void>
}

/**
 *   made ──▶ blank ──▶ busy ──▶ prepares for the next program ──▶ idle ──▶ busy, for the same tenant …
 *                        └─▶ serves one job only, too old, ended ──▶ disposed of
 *
 * hand-out.ts says which job gets which container, capacity.ts how many are made and which ready ones go.
 */
export const createStock = (options: {
  readonly engine: Engine
  readonly disposal: Disposal
  readonly quiet: Quiet
  readonly makeLimit: ReturnType<typeof pLimit>
  /** Ready containers of all kinds together, apart from the minimum of each kind. */
  readonly poolMax: number
  readonly jobsPerCell: number
  readonly log: Logger
}): Stock => {
  const { engine, disposal, poolMax, jobsPerCell, ...shared } = options
  const kinds = new Map<string, Kind>()
  const kindOf = new Map<Container, Kind>()
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  const sum = (count: (kind: Kind) => number): number =>
    [...kinds.values()].reduce((total, kind) => total + count(kind), 0)
  const countReady = (): number => sum(({ handOut: { counts } }) => counts.blank + counts.idle)
  const toRoom = (): number => poolMax - countReady() - sum(({ making }) => making.count)

  const isReady = (container: Container): boolean =>
    kindOf.get(container)?.handOut.ready.some((one) => one.container === container) === true

  const end = (container: Container): void => {
    const kind = kindOf.get(container)
    const wasBusy = !isReady(container)
    if (!kindOf.delete(container) || kind === undefined) return
    kind.handOut.remove(container)
    const removal = disposal.dispose(container)
    if (wasBusy && container.request.confinement === 'container') kind.leaves(removal)
    if (!isClosed) kind.making.fill()
  }

  const open = (request: KindRequest): Kind => {
    const id = JSON.stringify(request)
    const known = kinds.get(id)
    if (known !== undefined) return known
    const kind = createKind({
      ...shared,
      request,
      toRoom,
      async make() {
        if (isClosed) throw new Error('The worker is stopping')
        const made = await startContainer(engine, request.container)
        disposal.own(made)
        return made
      },
      onMade(made) {
        kindOf.set(made, kind)
        // One that is in use is ended by the lease, which first asks the engine why.
        void made.connection.closed.then(() => isReady(made) && end(made))
      },
      // Is it because of a rare request, or can none be made at all? A full stock would not know.
      async onFailed() {
        if (request.min !== undefined) return
        const kept = [...kinds.values()].find(
          (one) => one.request.min !== undefined && one.request.name === request.name,
        )
        await kept?.making.prove()
      },
    })
    kinds.set(id, kind)
    return kind
  }

  /** Gives up what is too old, too long idle or too much, and makes what is missing by now. */
  const look = (): void => {
    for (const [id, kind] of kinds) {
      for (const container of kind.unwanted) end(container)
      kind.making.fill()
      if (kind.request.min === undefined && kind.isEmpty) kinds.delete(id)
    }
    const ready = [...kinds.values()].flatMap(({ handOut }) => handOut.ready)
    const idle = ready.filter(({ isBlank }) => !isBlank).toSorted((one, other) => other.readyMs - one.readyMs)
    const excess = toExcess({ blank: ready.length - idle.length, idle: idle.length, bound: poolMax })
    for (const { container } of idle.slice(0, excess)) end(container)
    plan()
  }

  const plan = (): void => {
    clearTimeout(timer)
    if (isClosed) return
    const isAwaited = [...kinds.values()].some(({ handOut }) => handOut.isAwaited)
    timer = setTimeout(look, isAwaited ? LOOK_WHILE_AWAITED_MS : LOOK_MS)
    timer.unref()
  }
  plan()

  return {
    keep: (request) => open(request).making.fill(),

    take(request, tenantId, signal) {
      if (isClosed) return Promise.reject(new Error('The worker is stopping'))
      const kind = open(request)
      const taken = kind.handOut.take(tenantId, signal)
      if (kind.handOut.isAwaited) kind.making.retryNow()
      kind.making.fill()
      plan()
      return taken
    },

    giveBack(container, ready) {
      const kind = kindOf.get(container)
      container.jobs += 1
      // Under a load that never pauses it is never found idle, so its age is looked at here.
      const isOld = isSpent({ isBlank: false, readyMs: 0, ageMs: performance.now() - container.bornMs })
      if (kind === undefined || isClosed || isOld || container.jobs >= jobsPerCell) return end(container)
      withDeadline(ready, READY_AGAIN_TIMEOUT_MS, 'ready again').then(
        ({ warm }) => {
          container.isWarm = warm
          kind.handOut.addIdle(container)
        },
        () => end(container),
      )
    },

    end,

    get fault() {
      const faulty = [...kinds.values()].find(({ making }) => making.fault !== undefined)
      return faulty && { name: faulty.request.name, reason: faulty.making.fault }
    },

    get ready() {
      return countReady()
    },

    async close() {
      isClosed = true
      clearTimeout(timer)
      const stopped = [...kinds.values()].map(({ making }) => making.stop())
      for (const { handOut } of kinds.values()) handOut.failAll(new Error('The worker is stopping'))
      await disposal.close(Promise.all(stopped))
    },
  }
}
