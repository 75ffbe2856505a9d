import type { Logger } from '../logger.ts'
import { createAbandonment } from './abandonment.ts'
import type { Engine } from './engine.ts'
import { LABEL } from './labels.ts'

/** Which of these workers are known to be dead. A worker nobody here has heard of belongs to others on the same engine. */
export type FindDead = (workers: readonly string[]) => Promise<readonly string[]>

/** A dead worker is known as such after 15 s at the latest, and must be so in two rounds: 25 s until its containers go. */
const EVERY_MS = 5_000

/**
 * Removes what dead workers left behind. A container whose worker died ends by itself (its agent reads the end of its
 * input) and is then found here as `exited`; one that never started is found as `created`; one whose agent ignores its
 * end, or is no agent, goes because its worker is dead; and what is left, as where Redis has forgotten that worker, when
 * it has been there for longer than any container may (abandonment.ts).
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
  const abandonment = createAbandonment({ worker })
  let deadBefore: ReadonlySet<string> = new Set()
  let isSweeping = false

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
    // An engine that is away is the pools' to report; the next round comes anyway.
    await sweep().catch(() => {})
    isSweeping = false
  }
  const timer = setInterval(() => void round(), EVERY_MS)
  timer.unref()
  void round()
  return { stop: () => clearInterval(timer) }
}
