import { type Control, type QueuedJob, type QueuedSandbox, queuedJobSchema } from '@runnel/contract/internal'
import type { Queue } from '@runnel/contract/public'
import { createRedisKeys, type KeptBounds, QUEUE_NAME, type Redis } from '@runnel/redis'
import { Queue as BullQueue } from 'bullmq'
import type { QueueBounds, TenantBounds } from './bounds.ts'
import { type EnqueueOptions, enqueueJob } from './enqueue-job.ts'
import { findPlace, type Place } from './find-place.ts'
import { findWaiting, type WaitingJob } from './find-waiting.ts'
import { countJobs, type QueueSize, readQueue } from './read-queue.ts'
import { removeJob } from './remove-job.ts'
import { sendMessage } from './send-message.ts'
import { findSubmission, type Idempotency, toSubmissionKey } from './submissions.ts'

export type { EnqueueOptions, Place, QueueBounds, QueueSize, TenantBounds, WaitingJob }

export interface Producer extends AsyncDisposable {
  /**
   * Adds a job behind all others of its tenant. Adding the same id again changes nothing. Returns the id of the job for this
   * submission: an earlier job's if the idempotency key was used before. Throws a RequestError `queue-full`, `storage-full` or
   * `idempotency-key-reused`; then nothing was written.
   */
  enqueue(job: QueuedJob | QueuedSandbox, options?: EnqueueOptions): Promise<string>
  /** The job of the first submission with this key, if there was one. Throws `idempotency-key-reused` if it was another program's. */
  findSubmission(tenantId: string, idempotency: Idempotency): Promise<string | undefined>
  /** For a job that was taken back: the key can be used again. */
  forgetSubmission(tenantId: string, key: string): Promise<void>
  /** Undefined if there is no such job, or if it cannot be read because another version wrote it. */
  find(jobId: string): Promise<QueuedJob | undefined>
  /** Undefined if the job does not wait (any more). */
  place(jobId: string): Promise<Place | undefined>
  /**
   * Jobs that no live worker has, submitted before that time, a thousand at most. Several processes may see the same job; the
   * log lets only one of them end it.
   */
  waitingSince(time: Date): Promise<readonly WaitingJob[]>
  /** One round trip, however many jobs there are. */
  size(): Promise<QueueSize>
  /** The queue as an operator sees it, with at most `limit` tenants: those with the most waiting jobs. */
  read(limit: number): Promise<Queue>
  /** True if the job waited and was removed; false if a worker has it, or there is no such job. */
  remove(jobId: string): Promise<boolean>
  /** The same, but `find` still finds it until the retention is over. For a job that has ended. */
  retire(jobId: string): Promise<boolean>
  /**
   * Sends a message to the job's worker, now or when it has one. Throws a RequestError `stdin-full` if the job was sent too
   * much input, and `storage-full` if Redis has no room for it.
   */
  send(jobId: string, message: Control): Promise<void>
}

/** `redis` is a command connection, so every call fails at once while Redis is away. */
export const createProducer = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
  readonly bounds: QueueBounds
  readonly keptBounds: KeptBounds
}): Producer => {
  const { redis, prefix, retentionMs, bounds, keptBounds } = options
  const keys = createRedisKeys(prefix)
  const queue = new BullQueue(QUEUE_NAME, {
    connection: redis,
    prefix,
    // If it waited for Redis, calls would hang instead of failing at once.
    skipWaitingForReady: true,
    skipVersionCheck: true,
    skipMetasUpdate: true,
  })
  // The owner of the connection logs its errors.
  queue.on('error', () => {})

  return {
    enqueue: (job, enqueueOptions = {}) =>
      enqueueJob({ redis, keys, retentionMs, bounds, keptBounds }, job, enqueueOptions),

    findSubmission: (tenantId, idempotency) => findSubmission(redis, keys, tenantId, idempotency),
    async forgetSubmission(tenantId, key) {
      await redis.del(toSubmissionKey(keys, tenantId, key))
    },

    async find(jobId) {
      const job = await queue.getJob(jobId)
      return queuedJobSchema.safeParse(job?.data).data
    },

    place: (jobId) => findPlace(redis, keys, jobId),

    waitingSince: (time) => findWaiting(redis, keys, time),

    size: () => countJobs(redis, keys),

    read: (limit) => readQueue(redis, keys, bounds, limit),

    remove: (jobId) => removeJob(redis, keys, jobId, 0),

    retire: (jobId) => removeJob(redis, keys, jobId, retentionMs),

    async send(jobId, message) {
      await sendMessage({ redis, keys, retentionMs, keptBounds }, jobId, message)
    },

    async [Symbol.asyncDispose]() {
      await queue.close()
    },
  }
}
