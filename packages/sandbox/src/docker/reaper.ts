import type { Logger } from '../logger.ts'
import type { Engine } from './engine.ts'

/** Every container of ours carries these, so that any worker can tell what to do with one it did not make. */
export const LABEL = { ours: 'runnel', worker: 'runnel.worker', deadline: 'runnel.deadline' } as const

const EVERY_MS = 10_000
/** A worker removes what has ended within seconds, and starts what it made within its own deadlines, even if Docker is slow. */
const ABANDONED_AFTER_MS: Readonly<Record<string, number>> = { exited: 20_000, dead: 20_000, created: 120_000 }

/**
 * Removes what dead workers left behind. A container whose worker died ends by itself (its agent reads the end of its
 * input) and is then found here as `exited`; one that never started is found as `created`; one that is past the
 * deadline on its label is wrong whatever it does.
 */
export const createReaper = (engine: Engine, isOurs: (id: string) => boolean, log: Logger) => {
  const isAbandoned = (state: string, createdMs: number, deadline: string | undefined): boolean => {
    const now = Date.now()
    if (Number(deadline) < now) return true
    return createdMs < now - (ABANDONED_AFTER_MS[state] ?? Number.POSITIVE_INFINITY)
  }

  const sweep = async () => {
    for (const { Id, State, Created, Labels } of await engine.list(LABEL.ours)) {
      if (isOurs(Id) || !isAbandoned(State, Created * 1000, Labels[LABEL.deadline])) continue
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

  // An engine that is away is the pools' to report; the next round comes anyway.
  const round = () => void sweep().catch(() => {})
  const timer = setInterval(round, EVERY_MS)
  timer.unref()
  round()
  return { sweep, stop: () => clearInterval(timer) }
}
