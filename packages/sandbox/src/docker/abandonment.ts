import { WALL_CEILING_MS } from '@runnel/contract/public'
import { LABEL } from './labels.ts'
import { MAXIMUM_AGE_MS } from './pool.ts'

/** What the engine says of a container. */
export interface Listed {
  readonly Id: string
  readonly State: string
  readonly Labels: Readonly<Record<string, string>>
}

/**
 * How long a container may be seen in a state. Its worker asks how an ended one ended for six seconds, and removes it
 * within seconds more; it starts what it made within its own deadlines, even if Docker is slow.
 */
const STATE_ENDS_AFTER_MS: Readonly<Record<string, number>> = { exited: 10_000, dead: 10_000, created: 120_000 }
/** How long it may be seen at all: one that has waited in a pool runs one job more, of whatever length. */
const LIFETIME_MS = MAXIMUM_AGE_MS + WALL_CEILING_MS + 60_000
/** The same for what this very worker made, and has no hold of: its removal failed too often. */
const LOST_AFTER_MS = 120_000

interface Sighting {
  readonly firstMs: number
  readonly state: string
  readonly stateMs: number
}

/**
 * Which containers nobody looks after any more, as far as can be told without knowing their worker.
 *
 * It goes by how long this process has seen them so, and by no clock: the ones of two hosts differ, any of them may
 * step by an hour, and a machine that slept is not to find everything overdue.
 */
export const createAbandonment = ({
  worker,
  now = () => performance.now(),
}: {
  readonly worker: string
  readonly now?: () => number
}) => {
  let seen: ReadonlyMap<string, Sighting> = new Map()

  const see = ({ Id, State }: Listed): Sighting => {
    const at = now()
    const before = seen.get(Id)
    if (before === undefined) return { firstMs: at, state: State, stateMs: at }
    return before.state === State ? before : { ...before, state: State, stateMs: at }
  }

  const isOver = (labels: Listed['Labels'], { firstMs, state, stateMs }: Sighting): boolean => {
    const at = now()
    if (at - firstMs >= (labels[LABEL.worker] === worker ? LOST_AFTER_MS : LIFETIME_MS)) return true
    return at - stateMs >= (STATE_ENDS_AFTER_MS[state] ?? Number.POSITIVE_INFINITY)
  }

  return {
    /** Takes note of all there are but those that this worker looks after, and says which of them are abandoned. */
    look(listed: readonly Listed[]): ReadonlySet<string> {
      seen = new Map(listed.map((container) => [container.Id, see(container)]))
      const over = listed.filter(({ Id, Labels }) => {
        const sighting = seen.get(Id)
        return sighting !== undefined && isOver(Labels, sighting)
      })
      return new Set(over.map(({ Id }) => Id))
    },
  }
}
