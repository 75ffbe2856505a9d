import type { QueuedJob } from '@runnel/contract'
import type { Redis } from 'ioredis'
import { logKey, writeKeys } from './keys.ts'
import { toEntry } from './log-entry.ts'
import { cancelScript } from './log-scripts.ts'

/** The beginning of a job's log, and its end where no worker ever began it: what the API writes. */
export interface Intake {
  /** Writes `0-1 queued`. Writing it again changes nothing. */
  queued(job: QueuedJob): Promise<void>
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
    async queued({ id: jobId, submittedAt: at, program, limits }) {
      const { language, interactive } = program
      const { id, json } = toEntry({ jobId, id: '0-1', at }, { type: 'queued', language, limits, interactive })
      // Plain commands, no script: one that Redis does not know yet is sent twice, and what the caller sends right after
      // this, on the same connection, would overtake it.
      const key = logKey(prefix, jobId)
      const results = await redis.multi().xadd(key, id, 'e', json).publish(key, json).exec()
      const failure = results?.find(([error]) => error !== null)?.[0]
      // Refused only when it is there already: this very write, whose answer was lost.
      if (failure && !failure.message.includes('equal or smaller')) throw failure
    },

    async cancelQueued(jobId) {
      const head = { jobId, id: '0-2', at: new Date().toISOString() }
      const { json } = toEntry(head, { type: 'finished', outcome: { type: 'canceled' }, usage: null })
      return (await cancelScript(redis, writeKeys(prefix, jobId), [retentionMs, json])) === 1
    },
  }
}
