import type { QueuedJob } from '@runnel/contract/internal'
import { RequestError } from '@runnel/contract/public'
import type { EnqueueOptions } from '@runnel/queue/producer'
import { isRedisOutage } from '@runnel/redis'
import type { OperationParts } from '../parts.ts'
import { requireRedis } from '../request-errors.ts'

/** The tenant's bounds of the queue, and the idempotency key with the fingerprint of the submission. */
export type AcceptOptions = Pick<EnqueueOptions, 'tenantBounds' | 'idempotency'>

/**
 * The write that accepts a job: one script in Redis, in this order.
 *
 *   1. idempotency key used before → nothing is written, the id of the first job is returned
 *                                    (with another fingerprint: `idempotency-key-reused`)
 *   2. job exists already          → this script ran and its answer was lost: nothing is written
 *   3. queue or tenant is full     → nothing is written, `queue-full`
 *   4. log                         the event `0-1 queued`, stored and published
 *   5. history                     the job's record, and the job on its tenant's lists
 *   6. queue                       the job's record and its place among its tenant's jobs
 *   7. idempotency key             the job that it stands for
 *
 * When it does not succeed:
 *
 *   refused (1, 3)       nothing was written. The caller gets the RequestError.
 *   failed half way      Redis keeps what a script wrote before it failed. It is undone, the caller gets the error.
 *   answer lost          Redis may have done all of it. Without an idempotency key nobody knows the job's id, so it is
 *                        undone. With a key it is left alone: the caller submits again and gets this job.
 *   undoing fails too    what was written stays: a worker may run a job that was reported as failed.
 */
export const acceptJob = async (
  parts: OperationParts,
  job: QueuedJob,
  { tenantBounds, idempotency }: AcceptOptions,
): Promise<{ readonly id: string }> => {
  requireRedis(parts)
  const { logWriter, history, producer, recorder, tenantCount } = parts
  const log = logWriter.startCommands(job)
  try {
    const id = await producer.enqueue(job, {
      tenants: await tenantCount.read(),
      commands: [...log, ...history.acceptCommands(job)],
      ...(tenantBounds === undefined ? {} : { tenantBounds }),
      ...(idempotency === undefined ? {} : { idempotency }),
    })
    if (id === job.id) recorder.accepted()
    return { id }
  } catch (error) {
    const isRefused = error instanceof RequestError
    const canSubmitAgain = idempotency !== undefined && isRedisOutage(error)
    if (!isRefused && !canSubmitAgain) await undo(parts, job)
    throw error
  }
}

/** The log first: if the connection breaks in between, a worker finds the job finished and drops it. */
const undo = async ({ logWriter, history, producer }: OperationParts, job: QueuedJob): Promise<void> => {
  await logWriter.cancelQueued(job.id, (end) => history.endCommands(job, end)).catch(() => {})
  await producer.remove(job.id).catch(() => {})
}
