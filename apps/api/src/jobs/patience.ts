import { randomUUID } from 'node:crypto'
import type { Logger } from '@runnel/process'
import type { Backend } from '../backend.ts'

/** How long jobs wait, unless configured otherwise: longer than workers take to be replaced, or an engine to restart. */
export const PATIENCE_MS = 10 * 60 * 1_000
const LOOK_MS = 1_000

/**
 * Jobs wait for workers, but not for ever. Once no worker has been ready for `noWorkerTimeoutMs`, those that have waited that
 * long end as `sandbox-failed`, each with a reference of its own, until a worker is ready again: jobs that wait for others to
 * end are not meant. Every API process looks by itself; the log lets one of them end a job. A Redis that does not answer proves nothing.
 */
export const createPatience = (options: {
  readonly backend: Pick<Backend, 'workers' | 'producer' | 'intake'>
  readonly log: Logger
  readonly noWorkerTimeoutMs: number
}): Disposable => {
  const { backend, log, noWorkerTimeoutMs } = options
  const { workers, producer, intake } = backend
  /** On a clock that does not jump. */
  let lastReady = performance.now()
  let isOver = false
  let timer: NodeJS.Timeout

  const giveUp = async (): Promise<void> => {
    for (const { jobId, attempts } of await producer.waitingSince(new Date(Date.now() - noWorkerTimeoutMs))) {
      if (isOver) return
      const reference = randomUUID()
      if (await intake.giveUp(jobId, attempts, reference)) {
        log.error(
          { jobId, reference },
          `No worker has been ready for ${noWorkerTimeoutMs} ms: gave up a job that waited for one`,
        )
      }
      await producer.remove(jobId)
    }
  }

  const look = async (): Promise<void> => {
    const ready = await workers.count().then(
      (count) => count.ready,
      () => undefined,
    )
    if (ready !== 0) lastReady = performance.now()
    else if (performance.now() - lastReady >= noWorkerTimeoutMs) await giveUp()
  }

  const lookAgain = (): void => {
    timer = setTimeout(async () => {
      await look().catch((err: unknown) => log.warn({ err }, 'Cannot give up jobs that no worker takes'))
      if (!isOver) lookAgain()
    }, LOOK_MS)
  }

  lookAgain()
  return {
    [Symbol.dispose]() {
      isOver = true
      clearTimeout(timer)
    },
  }
}
