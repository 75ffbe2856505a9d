import type { QueuedJob } from '@runnel/contract'
import type { Redis } from 'ioredis'
import { controlKey, logKey } from './keys.ts'
import { toEntry } from './log-entry.ts'
import { appendScript, cancelScript } from './log-scripts.ts'

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
  const keysOf = (jobId: string): string[] => [logKey(prefix, jobId), controlKey(prefix, jobId)]
  return {
    async queued({ id: jobId, submittedAt: at, program, limits }) {
      const { language, interactive } = program
      const { id, json } = toEntry({ jobId, id: '0-1', at }, { type: 'queued', language, limits, interactive })
      // Refused only when the job has gone on already, and then it was queued.
      await appendScript(redis, keysOf(jobId), [0, id, json])
    },

    async cancelQueued(jobId) {
      const head = { jobId, id: '0-2', at: new Date().toISOString() }
      const { json } = toEntry(head, { type: 'finished', outcome: { type: 'canceled' }, usage: null })
      return (await cancelScript(redis, keysOf(jobId), [retentionMs, json])) === 1
    },
  }
}
