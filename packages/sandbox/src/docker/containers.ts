import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../logger.ts'
import type { BackgroundTasks } from './background-tasks.ts'
import { type Container, type ContainerRequest, startContainer } from './container.ts'
import { withDeadline } from './deadline.ts'
import type { Engine } from './engine.ts'
import { LABEL } from './labels.ts'

/** An agent that is asked to exit does so within milliseconds. After this long its container is removed anyway. */
const EXIT_TIMEOUT_MS = 2_000
/** A busy engine fails to remove a container that it is still taking apart. Moments later it succeeds. */
const REMOVAL_PAUSES_MS = [200, 1_000, 3_000, 0]
/** An engine that does not answer must not delay a shutdown: agents exit when their input ends, and other workers remove the rest. */
const CLOSE_TIMEOUT_MS = 15_000

export interface Containers {
  make(request: ContainerRequest): Promise<Container>
  /** Removes it in the background. To end it at once, close its connection first. A second call changes nothing. */
  discard(container: Container): void
  /** Whether this worker knows the container with this id. */
  has(id: string): boolean
  /** Makes no new containers, and removes all, within 15 s. */
  close(): Promise<void>
}

/** All containers of this worker, from creation to removal. */
export const createContainers = (options: {
  readonly engine: Engine
  readonly worker: string
  readonly tasks: BackgroundTasks
  /** Called when the connection to a container is gone. */
  readonly onClosed: (container: Container) => void
  readonly log: Logger
}): Containers => {
  const { engine, worker, tasks, onClosed, log } = options
  const alive = new Map<string, Container>()
  const making = new Set<Promise<Container>>()
  const removals = new Map<Container, Promise<void>>()
  let closing = false

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
    alive.delete(container.id)
    removals.delete(container)
  }

  const discard = (container: Container): void => {
    if (!alive.has(container.id) || removals.has(container)) return
    removals.set(
      container,
      tasks.add('removing', () => remove(container)),
    )
  }

  const removeAll = async (): Promise<void> => {
    await Promise.allSettled(making)
    for (const container of [...alive.values()]) discard(container)
    await Promise.all(removals.values())
    // An engine that was away may have made one without an answer, or kept one that it was asked to remove.
    const left = await engine.list(`${LABEL.worker}=${worker}`)
    await Promise.all(left.map(({ Id }) => tasks.add('removing', () => engine.remove(Id))))
  }

  return {
    async make(request) {
      if (closing) throw new Error('The worker is stopping')
      const starting = startContainer(engine, request)
      making.add(starting)
      try {
        const container = await starting
        alive.set(container.id, container)
        void container.connection.closed.then(() => onClosed(container))
        return container
      } finally {
        making.delete(starting)
      }
    },
    discard,
    has: (id) => alive.has(id),
    async close() {
      closing = true
      tasks.hurry()
      try {
        await withDeadline(removeAll(), CLOSE_TIMEOUT_MS, 'remove')
      } catch (err) {
        // Their agents exit when the connections close.
        for (const { connection } of alive.values()) connection.close(new Error('The worker has stopped'))
        log.warn({ err, left: alive.size }, 'Cannot remove all containers: other workers will, or the next one here')
      }
    },
  }
}
