import { WALL_CEILING_MS } from '@runnel/contract/public'
import { LASTING_CEILING_MS, MAXIMUM_AGE_MS } from './capacity.ts'
import { LABEL } from './labels.ts'

/** What the engine lists of a container. */
export interface ListedContainer {
  readonly Id: string
  readonly State: string
  readonly Labels: Readonly<Record<string, string>>
}

/**
 * How long a container may stay in a state. Its worker asks for up to six seconds how an ended one ended and removes it
 * a few seconds later. It starts a new one within its own deadlines, even if Docker is slow.
 */
const STATE_ENDS_AFTER_MS: Readonly<Record<string, number>> = { exited: 10_000, dead: 10_000, created: 120_000 }
/** How long a container may exist: it may wait in a pool until it is too old, and then run the longest job. */
const LIFETIME_MS = MAXIMUM_AGE_MS + WALL_CEILING_MS + 60_000
/** The same for a sandbox that lasts, which may live for a day. */
const LASTING_LIFETIME_MS = MAXIMUM_AGE_MS + LASTING_CEILING_MS + 60_000
/** The same for a container that this worker made and no longer knows, because removing it failed too often. */
const LOST_AFTER_MS = 120_000

interface Sighting {
  readonly firstMs: number
  readonly state: string
  readonly stateMs: number
}

/**
 * Finds containers that no worker looks after any more, without knowing their workers.
 *
 * It counts how long this process has seen a container in its state, and reads no wall clock: the clocks of two hosts
 * differ, a clock may jump by an hour, and after a machine slept not everything is overdue.
 */
export const createAbandonment = ({
  worker,
  now = () => performance.now(),
}: {
  readonly worker: string
  readonly now?: () => number
}) => {
  let seen: ReadonlyMap<string, Sighting> = new Map()

  const see = ({ Id, State }: ListedContainer): Sighting => {
    const at = now()
    const before = seen.get(Id)
    if (before === undefined) return { firstMs: at, state: State, stateMs: at }
    return before.state === State ? before : { ...before, state: State, stateMs: at }
  }

  const isOver = (labels: ListedContainer['Labels'], { firstMs, state, stateMs }: Sighting): boolean => {
    const at = now()
    const lifetimeMs = labels[LABEL.use] === 'sandbox' ? LASTING_LIFETIME_MS : LIFETIME_MS
    if (at - firstMs >= (labels[LABEL.worker] === worker ? LOST_AFTER_MS : lifetimeMs)) return true
    return at - stateMs >= (STATE_ENDS_AFTER_MS[state] ?? Number.POSITIVE_INFINITY)
  }

  return {
    /** Takes all containers except those in use by this worker, and returns the ids of the abandoned ones. */
    look(listed: readonly ListedContainer[]): ReadonlySet<string> {
      seen = new Map(listed.map((container) => [container.Id, see(container)]))
      const over = listed.filter(({ Id, Labels }) => {
        const sighting = seen.get(Id)
        return sighting !== undefined && isOver(Labels, sighting)
      })
      return new Set(over.map(({ Id }) => Id))
    },
  }
}
