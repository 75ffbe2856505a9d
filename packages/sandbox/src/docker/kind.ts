import type pLimit from 'p-limit'
import type { Logger } from '../logger.ts'
import { createPeak, isSpent, type KindLevel, toMake, toSurplus } from './capacity.ts'
import type { Container, ContainerRequest } from './container.ts'
import { createHandOut, type HandOut } from './hand-out.ts'
import { createMaking, type Making } from './making.ts'
import type { Quiet } from './quiet.ts'

/** What a job needs of its container. Containers of one kind are alike. */
export interface KindRequest {
  /** The language, for messages. */
  readonly name: string
  readonly container: ContainerRequest
  /** Blank ones that are kept in any case; undefined where none is made ahead, because few jobs need this kind. */
  readonly min: number | undefined
}

/** The containers of one kind: those there are, those being made, and the jobs that wait for one. */
export interface Kind {
  readonly request: KindRequest
  readonly handOut: HandOut<Container>
  readonly making: Making
  readonly level: KindLevel
  /** Ready ones that have to go, whatever other kinds have. */
  readonly unwanted: readonly Container[]
  /** A container serves one job: it counts as used until `removal` settles. */
  leaves(removal: Promise<void>): void
  /** Nothing is left of it, and no job waits for it. */
  readonly isEmpty: boolean
}

export const createKind = (options: {
  readonly request: KindRequest
  readonly makeLimit: ReturnType<typeof pLimit>
  readonly quiet: Quiet
  readonly log: Logger
  /** How many more ready containers there may be, of all kinds together. */
  readonly toRoom: () => number
  readonly make: () => Promise<Container>
  readonly onMade: (container: Container) => void
  /** Called before the job that has waited for longest gets the error. */
  readonly onFailed: () => Promise<void>
}): Kind => {
  const { request, toRoom, onMade, onFailed, ...rest } = options
  const { name, container, min } = request
  const handOut = createHandOut<Container>(container.confinement === 'cell')
  const peak = createPeak()
  let leaving = 0

  const readLevel = (): KindLevel => {
    const { blank, idle, needed, busy } = handOut.counts
    const used = busy + leaving
    peak.note(used + needed)
    const highest = min === undefined ? 0 : peak.value
    return { blank, idle, busy: used, making: making.count, needed, peak: highest, min: min ?? 0, room: toRoom() }
  }

  const making = createMaking({
    ...rest,
    name,
    isKept: min !== undefined,
    toMissing: () => toMake(readLevel()),
    isAwaited: () => handOut.isAwaited,
    onMade(made) {
      onMade(made)
      handOut.addBlank(made)
    },
    async onFailed(error) {
      await onFailed()
      handOut.failOne(error)
    },
  })

  return {
    request,
    handOut,
    making,
    get level() {
      return readLevel()
    },
    get unwanted() {
      const nowMs = performance.now()
      const ready = handOut.ready.map((one) => ({ ...one, ageMs: nowMs - one.container.bornMs }))
      const surplus = ready.filter(({ isBlank }) => isBlank).slice(0, toSurplus(readLevel()))
      return [...new Set([...ready.filter(isSpent), ...surplus].map((one) => one.container))]
    },
    leaves(removal) {
      leaving += 1
      removal.finally(() => {
        leaving -= 1
        making.fill()
      })
    },
    get isEmpty() {
      const { blank, idle, busy } = handOut.counts
      return blank + idle + busy + leaving + making.count === 0 && !handOut.isAwaited
    },
  }
}
