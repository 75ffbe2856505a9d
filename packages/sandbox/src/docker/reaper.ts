import type { Logger } from '../logger.ts'
import { createAbandonment } from './abandonment.ts'
import type { Engine } from './engine.ts'
import { LABEL } from './labels.ts'

/** Which of these workers are known to be dead. Unknown workers belong to another deployment on the same engine. */
export type FindDead = (workers: readonly string[]) => Promise<readonly string[]>

/** A dead worker is known after 15 s at the latest, and must be dead in two rounds: its containers go within 25 s. */
const EVERY_MS = 5_000

/**
 * Removes the containers that dead workers left.
 *
 * 1. A container whose worker died exits, because its agent reads the end of its input. It is found as `exited`.
 * 2. One that never started is found as `created`.
 * 3. One whose agent does not end, or is not ours, is removed because its worker is dead.
 * 4. If Redis no longer knows that worker, it is removed when it is older than any container may be (abandonment.ts).
 *
 * A worker must be dead in two rounds: after Redis was away, living workers are silent until their next heartbeat.
 */
export const createReaper = (options: {
  readonly engine: Engine
  readonly worker: string
  readonly isOurs: (id: string) => boolean
  readonly findDead: FindDead
  readonly log: Logger
}) => {
  const { engine, worker, isOurs, findDead, log } = options
  const abandonment = createAbandonment({ worker })
  let deadBefore: ReadonlySet<string> = new Set()
  let isSweeping = false

  const findDeadTwice = async (workers: Iterable<string | undefined>): Promise<ReadonlySet<string>> => {
    const others = new Set([...workers].filter((name) => name !== undefined && name !== worker))
    // If nobody knows which workers are dead, none counts as dead.
    const dead = new Set(await findDead([...others].map(String)).catch(() => []))
    const twice = new Set([...dead].filter((name) => deadBefore.has(name)))
    deadBefore = dead
    return twice
  }

  const sweep = async () => {
    const all = await engine.list(LABEL.ours)
    const dead = await findDeadTwice(all.map(({ Labels }) => Labels[LABEL.worker]))
    const others = all.filter(({ Id }) => !isOurs(Id))
    const abandoned = abandonment.look(others)
    for (const { Id, Labels } of others) {
      const isDead = dead.has(Labels[LABEL.worker] ?? '')
      if (!isDead && !abandoned.has(Id)) continue
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
    // The pools report that the engine is away. The next round comes anyway.
    await sweep().catch(() => {})
    isSweeping = false
  }
  const timer = setInterval(() => void round(), EVERY_MS)
  timer.unref()
  void round()
  return { stop: () => clearInterval(timer) }
}
