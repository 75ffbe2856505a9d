import { randomUUID } from 'node:crypto'
import { sandboxIdSchema } from '@runnel/contract/public'
import type { SandboxRecords, WorkerDirectory } from '@runnel/registry'
import type { OperationParts } from '../parts.ts'
import { findEndCommands } from './find-end-commands.ts'

const CHECK_EVERY_MS = 1_000

/**
 * Ends jobs that no worker takes, and sandboxes that none begins. When no worker has been ready for `noWorkerTimeoutMs`, each that
 * has waited that long ends as `sandbox-failed`, a job with its own reference. What only waits for its turn is left alone.
 *
 * Every API process checks. The log lets one of them end a job. If Redis does not answer, nothing is known and nothing
 * is ended.
 */
export const endUntakenJobs = (options: {
  readonly workers: Pick<WorkerDirectory, 'count'>
  readonly producer: OperationParts['producer']
  readonly logWriter: OperationParts['logWriter']
  readonly history: OperationParts['history']
  readonly sandboxRecords: Pick<SandboxRecords, 'end'>
  readonly recorder: OperationParts['recorder']
  readonly log: OperationParts['log'] & { warn(details: object, message: string): void }
  readonly noWorkerTimeoutMs: number
}): Disposable => {
  const { workers, producer, logWriter, history, sandboxRecords, recorder, log, noWorkerTimeoutMs } = options
  /** On a clock that does not jump. */
  let lastReady = performance.now()
  let isDisposed = false
  let timer: NodeJS.Timeout

  const endSandbox = async (sandboxId: string): Promise<void> => {
    if (await sandboxRecords.end(sandboxId, 'sandbox-failed')) {
      log.error(
        { sandboxId },
        `No worker has been ready for ${noWorkerTimeoutMs} ms: gave up a sandbox that waited for one`,
      )
    }
    // Of a job that serves: no worker has started it.
    for (const jobId of await history.findRuns(sandboxId)) await endJob(jobId, 0)
    await producer.remove(sandboxId)
  }

  const endJob = async (jobId: string, attempts: number): Promise<void> => {
    const reference = randomUUID()
    const toCommands = await findEndCommands({ history }, jobId)
    if (!(await logWriter.endUntaken(jobId, attempts, { reference, toCommands }))) return
    recorder.ended('sandbox-failed', {})
    log.error(
      { jobId, reference },
      `No worker has been ready for ${noWorkerTimeoutMs} ms: gave up a job that waited for one`,
    )
  }

  const endJobs = async (): Promise<void> => {
    for (const { jobId, attempts } of await producer.waitingSince(new Date(Date.now() - noWorkerTimeoutMs))) {
      if (isDisposed) return
      if (sandboxIdSchema.safeParse(jobId).success) {
        await endSandbox(jobId)
        continue
      }
      await endJob(jobId, attempts)
      await producer.retire(jobId)
    }
  }

  const check = async (): Promise<void> => {
    const ready = await workers.count().then(
      (count) => count.ready,
      () => undefined,
    )
    if (ready !== 0) lastReady = performance.now()
    else if (performance.now() - lastReady >= noWorkerTimeoutMs) await endJobs()
  }

  const scheduleCheck = (): void => {
    timer = setTimeout(async () => {
      await check().catch((err: unknown) => log.warn({ err }, 'Cannot give up jobs that no worker takes'))
      if (!isDisposed) scheduleCheck()
    }, CHECK_EVERY_MS)
  }

  scheduleCheck()
  return {
    [Symbol.dispose]() {
      isDisposed = true
      clearTimeout(timer)
    },
  }
}
