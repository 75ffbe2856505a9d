import type { Logger } from '../logger.ts'
import type { Engine } from './engine.ts'
import { LABEL } from './labels.ts'

/** Which of these workers are known to be dead. A worker nobody here has heard of belongs to others on the same engine. */
export type FindDead = (workers: readonly string[]) => Promise<readonly string[]>

/** A dead worker is known as such after 15 s at the latest, and must be so in two rounds: 25 s until its containers go. */
const EVERY_MS = 5_000
/** A worker removes what has ended within seconds, and starts what it made within its own deadlines, even if Docker is slow. */
const ABANDONED_AFTER_MS: Readonly<Record<string, number>> = { exited: 10_000, dead: 10_000, created: 120_000 }
/** The same for what this very worker made, and has no hold of: its removal failed too often. */
const LOST_AFTER_MS = 120_000

/**
 * Removes what dead workers left behind. A container whose worker died ends by itself (its agent reads the end of its
 * input) and is then found here as `exited`; one that never started is found as `created`; one whose agent ignores its
 * end, or is no agent, goes because its worker is dead; and one that is past the deadline on its label is wrong whatever
 * it does.
 *
 * Dead means so in two rounds: after a Redis that was away, living workers are silent until their next beat.
 */
export const createReaper = (options: {
  readonly engine: Engine
  readonly worker: string
  readonly isOurs: (id: string) => boolean
  readonly findDead: FindDead
  readonly log: Logger
}) => {
  const { engine, worker, isOurs, findDead, log } = options
  let deadBefore: ReadonlySet<string> = new Set()
  let isSweeping = false

  const isAbandoned = (state: string, createdMs: number, labels: Readonly<Record<string, string>>): boolean => {
    const now = Date.now()
    if (Number(labels[LABEL.deadline]) < now) return true
    if (labels[LABEL.worker] === worker && createdMs < now - LOST_AFTER_MS) return true
    return createdMs < now - (ABANDONED_AFTER_MS[state] ?? Number.POSITIVE_INFINITY)
  }

  const findDeadFor = async (workers: Iterable<string | undefined>): Promise<ReadonlySet<string>> => {
    const others = new Set([...workers].filter((name) => name !== undefined && name !== worker))
    // Where nobody can say who is dead, nobody is.
    const dead = new Set(await findDead([...others].map(String)).catch(() => []))
    const twice = new Set([...dead].filter((name) => deadBefore.has(name)))
    deadBefore = dead
    return twice
  }

  const sweep = async () => {
    const all = await engine.list(LABEL.ours)
    const dead = await findDeadFor(all.map(({ Labels }) => Labels[LABEL.worker]))
    for (const { Id, State, Created, Labels } of all) {
      const isDead = dead.has(Labels[LABEL.worker] ?? '')
      if (isOurs(Id) || !(isDead || isAbandoned(State, Created * 1000, Labels))) continue
      try {
        await engine.remove(Id)
        log.info(
          { container: Id.slice(0, 12), worker: Labels[LABEL.worker] },
          'Removed a container that a dead worker left',
        )
      } catch (error) {
        log.warn({ container: Id.slice(0, 12), err: error }, 'Cannot remove an abandoned container')
      }
    }
  }

  const round = async () => {
    if (isSweeping) return
    isSweeping = true
    // An engine that is away is the pools' to report; the next round comes anyway.
    await sweep().catch(() => {})
    isSweeping = false
  }
  const timer = setInterval(() => void round(), EVERY_MS)
  timer.unref()
  void round()
  return { stop: () => clearInterval(timer) }
}
