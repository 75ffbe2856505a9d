import { type QueuedJob, queuedJobSchema } from '@runnel/contract/internal'
import { SANDBOX_LIMITS } from '@runnel/contract/public'
import { createRedisKeys, type Redis, type RedisCommand } from '@runnel/redis'

/**
 * The programs of jobs that are not in the queue as themselves, because each has a sandbox of its own. The history sets the time to
 * live when such a job ends. Their bytes count as those of every job, and they are dropped with it.
 */
export interface Programs {
  /** The commands that keep the program, in the step that accepts the job. */
  acceptCommands(job: QueuedJob): readonly RedisCommand[]
  /** Undefined if there is none, or if another version wrote it. */
  find(jobId: string): Promise<QueuedJob | undefined>
}

export const createPrograms = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
}): Programs => {
  const { redis, prefix, retentionMs } = options
  const keys = createRedisKeys(prefix)
  const keptMs = SANDBOX_LIMITS.timeoutMs.maximum + retentionMs
  return {
    acceptCommands: (job) => [['SET', keys.program(job.id), JSON.stringify(job), 'PX', keptMs]],

    async find(jobId) {
      const json = await redis.get(keys.program(jobId))
      return json === null ? undefined : queuedJobSchema.safeParse(JSON.parse(json)).data
    },
  }
}
