import { type Control, type QueuedJob, queuedJobSchema } from '@runnel/contract'
import { Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import { QUEUE_NAME } from './names.ts'
import { sendMessage } from './send-message.ts'

export interface Producer extends AsyncDisposable {
  /** Adds a job to the end of the queue. Adding the same id again changes nothing. */
  enqueue(job: QueuedJob): Promise<void>
  find(jobId: string): Promise<QueuedJob | undefined>
  /** How many jobs are before it; undefined when it no longer waits. */
  position(jobId: string): Promise<number | undefined>
  /** True when it waited and is gone; false when a worker has it, or nobody has. */
  remove(jobId: string): Promise<boolean>
  /** For the job's worker, now or when it has one. Throws a RequestError `stdin-full` when the job was sent too much input. */
  send(jobId: string, message: Control): Promise<void>
}

/**
 * How often a handler of ours may throw for one job before that is final, and the pause before another try.
 * The program's own failures are outcomes and are never tried again.
 */
const TRIES = 3
const RETRY_DELAY_MS = 1_000

/** `redis` is a command connection: every call fails at once while Redis is away. */
export const createProducer = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
}): Producer => {
  const { redis, prefix, retentionMs } = options
  const queue = new Queue(QUEUE_NAME, {
    connection: redis,
    prefix,
    // Waiting until Redis is ready would turn "fails at once" into a hang.
    skipWaitingForReady: true,
    skipVersionCheck: true,
    skipMetasUpdate: true,
    defaultJobOptions: { attempts: TRIES, backoff: { type: 'exponential', delay: RETRY_DELAY_MS } },
  })
  // The connection's owner logs what happens to it.
  queue.on('error', () => {})

  return {
    async enqueue(job) {
      await queue.add(QUEUE_NAME, job, { jobId: job.id })
    },

    async find(jobId) {
      const job = await queue.getJob(jobId)
      return job === undefined ? undefined : queuedJobSchema.parse(job.data)
    },

    async position(jobId) {
      const waiting = queue.toKey('wait')
      // New jobs enter at the head, workers take from the tail; in one transaction, so that both numbers are of one moment.
      const results = await redis.multi().lpos(waiting, jobId, 'RANK', -1).llen(waiting).exec()
      const [place, length] = results?.map(([error, value]) => {
        if (error !== null) throw error
        return value
      }) ?? [null]
      return place === null ? undefined : Number(length) - 1 - Number(place)
    },

    async remove(jobId) {
      // Who takes it from where it waits has it, a worker or we: asking for its state first would leave a gap between.
      const taken = await redis.multi().lrem(queue.toKey('wait'), 1, jobId).zrem(queue.toKey('delayed'), jobId).exec()
      const failed = taken?.find(([error]) => error !== null)?.[0]
      if (failed) throw failed
      if (!taken?.some(([, count]) => count === 1)) return false
      await queue.remove(jobId)
      return true
    },

    async send(jobId, message) {
      await sendMessage({ redis, prefix, retentionMs }, jobId, message)
    },

    async [Symbol.asyncDispose]() {
      await queue.close()
    },
  }
}
