import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../logger.ts'
import type { Container } from './container.ts'
import { withDeadline } from './deadline.ts'
import type { Engine } from './engine.ts'
import { LABEL } from './labels.ts'
import type { Quiet } from './quiet.ts'

/** An agent that is asked to exit does so within milliseconds. After this long its container is removed anyway. */
const EXIT_TIMEOUT_MS = 2_000
/** A busy engine fails to remove a container that it is still taking apart. Moments later it succeeds. */
const REMOVAL_PAUSES_MS = [200, 1_000, 3_000, 0]
/** An engine that does not answer must not delay a shutdown: agents exit when their input ends, and other workers remove the rest. */
const CLOSE_TIMEOUT_MS = 15_000

/** The end of every container of this worker. */
export interface Disposal {
  /** It is this worker's from now on: no reaper takes it. */
  own(container: Container): void
  has(id: string): boolean
  /** Removes it in a quiet moment; resolves when it is gone. To end it at once, close its connection first. */
  dispose(container: Container): Promise<void>
  /** Removes all, within 15 s. `stopped`: when no more are made. */
  close(stopped: Promise<unknown>): Promise<void>
}

export const createDisposal = (options: {
  readonly engine: Engine
  readonly worker: string
  readonly quiet: Quiet
  readonly log: Logger
}): Disposal => {
  const { engine, worker, quiet, log } = options
  const owned = new Map<string, Container>()
  const removals = new Map<Container, Promise<void>>()

  /** Asks the agent to exit first. That spares the engine a kill, and it never takes apart what is still in use. */
  const remove = async (container: Container): Promise<void> => {
    container.connection.end()
    await Promise.race([container.connection.closed, delay(EXIT_TIMEOUT_MS, undefined, { ref: false })])
    container.connection.close(new Error('The sandbox is no longer needed'))
    for (const pauseMs of REMOVAL_PAUSES_MS) {
      try {
        await engine.remove(container.id)
        break
      } catch (error) {
        log.warn(
          { container: container.id.slice(0, 12), err: error },
          'Cannot remove a container; trying again, and the reaper after that',
        )
        await delay(pauseMs)
      }
    }
    owned.delete(container.id)
    removals.delete(container)
  }

  const dispose = async (container: Container): Promise<void> => {
    if (!owned.has(container.id)) return
    const removal = removals.get(container) ?? quiet.run(() => remove(container))
    removals.set(container, removal)
    await removal
  }

  const removeAll = async (stopped: Promise<unknown>): Promise<void> => {
    await stopped
    await Promise.all([...owned.values()].map(dispose))
    // An engine that was away may have made one without an answer, or kept one that it was asked to remove.
    const left = await engine.list(`${LABEL.worker}=${worker}`)
    await Promise.all(left.map(({ Id }) => quiet.run(() => engine.remove(Id))))
  }

  return {
    own: (container) => void owned.set(container.id, container),
    has: (id) => owned.has(id),
    dispose,
    async close(stopped) {
      quiet.hurry()
      try {
        await withDeadline(removeAll(stopped), CLOSE_TIMEOUT_MS, 'remove')
      } catch (err) {
        // Their agents exit when the connections close.
        for (const { connection } of owned.values()) connection.close(new Error('The worker has stopped'))
        log.warn({ err, left: owned.size }, 'Cannot remove all containers: other workers will, or the next one here')
      }
    },
  }
}
