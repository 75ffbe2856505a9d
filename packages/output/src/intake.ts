import type { QueuedJob } from '@runnel/contract/internal'
import type { EventPosition, Outcome } from '@runnel/contract/public'
import { createRedisKeys, type Redis, type RedisCommand } from '@runnel/redis'
import { toEntry } from './log-entry.ts'
import { cancelScript, giveUpScript, logKeys } from './log-scripts.ts'

/** The beginning of a job's log, and its end where no worker has it: what the API writes. */
export interface Intake {
  /** The commands that write `0-1 queued`, for whoever writes them in the same step as the job itself. */
  beginning(job: QueuedJob): readonly RedisCommand[]
  /** Ends the job as canceled if no attempt has begun and it has not finished; one atomic step. */
  cancelQueued(jobId: string): Promise<boolean>
  /**
   * Ends a job that workers were given `attempts` times as `sandbox-failed`, unless it has finished, or one of a later attempt has
   * begun it; one atomic step. Where one of an earlier attempt still runs it unheard, what that says is refused from here on.
   */
  giveUp(jobId: string, attempts: number, reference: string): Promise<boolean>
}

const toFinished = (jobId: string, position: EventPosition, outcome: Outcome): string =>
  toEntry({ jobId, position, at: new Date().toISOString() }, { type: 'finished', outcome, usage: null }).json

export const createIntake = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
}): Intake => {
  const { redis, prefix, retentionMs } = options
  const keys = createRedisKeys(prefix)
  return {
    beginning({ id: jobId, submittedAt: at, program, limits }) {
      const { language, interactive } = program
      const head = { jobId, position: { attempt: 0, n: 1 }, at }
      const { json } = toEntry(head, { type: 'queued', language, limits, interactive })
      return [
        ['XADD', keys.events(jobId), '0-1', 'e', json],
        ['PUBLISH', keys.eventsChannel(jobId), json],
      ]
    },

    async cancelQueued(jobId) {
      const finished = toFinished(jobId, { attempt: 0, n: 2 }, { type: 'canceled' })
      return (await cancelScript(redis, logKeys(keys, jobId), [retentionMs, finished])) === 1
    },

    async giveUp(jobId, attempts, reference) {
      const outcome = { type: 'sandbox-failed', reference } as const
      const next = { attempt: attempts + 1, n: 1 }
      const restarted = toEntry({ jobId, position: next, at: new Date().toISOString() }, { type: 'restarted' }).json
      const ends = [
        toFinished(jobId, { attempt: 0, n: 2 }, outcome),
        restarted,
        toFinished(jobId, { ...next, n: 2 }, outcome),
      ]
      return (await giveUpScript(redis, logKeys(keys, jobId), [retentionMs, attempts, ...ends])) === 1
    },
  }
}
