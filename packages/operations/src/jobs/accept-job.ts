import type { QueuedJob } from '@runnel/contract/internal'
import { RequestError } from '@runnel/contract/public'
import { countJobBytes } from '@runnel/output/log-writer'
import type { EnqueueOptions } from '@runnel/queue/producer'
import { isRedisOutage } from '@runnel/redis'
import type { OperationParts } from '../parts.ts'
import { requireRedis } from '../request-errors.ts'
import { enqueueWithRoom } from './enqueue-with-room.ts'

/** The tenant's bounds of the queue, and the idempotency key with the fingerprint of the submission. */
export type AcceptOptions = Pick<EnqueueOptions, 'tenantBounds' | 'idempotency'>

/**
 * The write that accepts a job: one script in Redis, in this order.
 *
 *   1. idempotency key used before → nothing is written, the id of the first job is returned
 *                                    (with another fingerprint: `idempotency-key-reused`)
 *   2. job exists already          → this script ran and its answer was lost: nothing is written
 *   3. queue or tenant is full     → nothing is written, `queue-full`. If it is Redis, finished jobs are dropped, and the script
 *                                    runs once more; `storage-full` if that did not help
 *   4. log                         the job's bytes, and the event `0-1 queued`, stored and published
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
  const { logWriter, history, recorder, tenantCount } = parts
  const bytes = countJobBytes(job)
  const commands = [...logWriter.startCommands(job), ...history.acceptCommands(job)]
  const tenants = await tenantCount.read()
  const optional = {
    ...(tenantBounds === undefined ? {} : { tenantBounds }),
    ...(idempotency === undefined ? {} : { idempotency }),
  }
  try {
    const id = await enqueueWithRoom(parts, job, { tenants, commands, bytes, ...optional })
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
