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

/** Refused only when it is there already: this very write, whose answer was lost. */
const BEGIN_LOG = `
local written = redis.pcall('XADD', KEYS[1], '0-1', 'e', ARGV[1])
if type(written) == 'string' then redis.call('PUBLISH', KEYS[1], ARGV[1])
elseif string.find(written.err, 'equal or smaller', 1, true) == nil then error(written.err) end`

export const createIntake = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
}): Intake => {
  const { redis, prefix, retentionMs } = options
  return {
    async queued({ id: jobId, submittedAt: at, program, limits }) {
      const { language, interactive } = program
      const head = { jobId, position: { attempt: 0, n: 1 }, at }
      const { json } = toEntry(head, { type: 'queued', language, limits, interactive })
      // Sent whole, not by its hash: a script that Redis does not know yet is sent twice, and what the caller sends right
      // after this, on the same connection, would overtake it.
      await redis.eval(BEGIN_LOG, 1, logKey(prefix, jobId), json)
    },

    async cancelQueued(jobId) {
      const head = { jobId, position: { attempt: 0, n: 2 }, at: new Date().toISOString() }
      const { json } = toEntry(head, { type: 'finished', outcome: { type: 'canceled' }, usage: null })
      return (await cancelScript(redis, writeKeys(prefix, jobId), [retentionMs, json])) === 1
    },
  }
}
