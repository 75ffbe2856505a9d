import type { QueuedJob } from '@runnel/contract'
import type { Redis } from 'ioredis'
import { logKey, writeKeys } from './keys.ts'
import { toEntry } from './log-entry.ts'
import { cancelScript } from './log-scripts.ts'

type RedisCommand = readonly [name: string, ...args: (string | number)[]]

/** The beginning of a job's log, and its end where no worker ever began it: what the API writes. */
export interface Intake {
  /** The commands that write `0-1 queued`, for whoever writes them in the same step as the job itself. */
  beginning(job: QueuedJob): readonly RedisCommand[]
  /** Ends the job as canceled if no attempt has begun and it has not finished; one atomic step. */
  cancelQueued(jobId: string): Promise<boolean>
}

export const createIntake = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
}): Intake => {
  const { redis, prefix, retentionMs } = options
  return {
    beginning({ id: jobId, submittedAt: at, program, limits }) {
      const { language, interactive } = program
      const head = { jobId, position: { attempt: 0, n: 1 }, at }
      const { json } = toEntry(head, { type: 'queued', language, limits, interactive })
      const key = logKey(prefix, jobId)
      return [
        ['XADD', key, '0-1', 'e', json],
        ['PUBLISH', key, json],
      ]
    },

    async cancelQueued(jobId) {
      const head = { jobId, position: { attempt: 0, n: 2 }, at: new Date().toISOString() }
      const { json } = toEntry(head, { type: 'finished', outcome: { type: 'canceled' }, usage: null })
      return (await cancelScript(redis, writeKeys(prefix, jobId), [retentionMs, json])) === 1
    },
  }
}
