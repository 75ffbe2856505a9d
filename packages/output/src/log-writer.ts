import type { QueuedJob } from '@runnel/contract/internal'
import type { EventPosition, Outcome } from '@runnel/contract/public'
import { createRedisKeys, type Redis, type RedisCommand } from '@runnel/redis'
import { toEntry, toFields, toMessage } from './log-entry.ts'
import { cancelScript, endUntakenScript, logKeys } from './log-scripts.ts'

/** What the API writes to a job's log: the start, and the end if no worker has the job. */
export interface LogWriter {
  /** The commands that write the event `0-1 queued`. They are sent in the same step as the job itself. */
  startCommands(job: QueuedJob): readonly RedisCommand[]
  /** Ends the job as canceled, unless an attempt has started or the job has finished. One step. */
  cancelQueued(jobId: string): Promise<boolean>
  /**
   * Ends the job as `sandbox-failed`, unless it has finished or has been started more than `attempts` times. One step.
   * If an earlier attempt still runs somewhere, its writes are refused from then on.
   */
  endUntaken(jobId: string, attempts: number, reference: string): Promise<boolean>
}

const toFinished = (jobId: string, position: EventPosition, outcome: Outcome): string =>
  toMessage(toEntry({ jobId, position, at: new Date().toISOString() }, { type: 'finished', outcome, usage: null }))

export const createLogWriter = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
}): LogWriter => {
  const { redis, prefix, retentionMs } = options
  const keys = createRedisKeys(prefix)
  return {
    startCommands({ id: jobId, submittedAt: at, program, extracted, limits }) {
      const { language, interactive, terminal } = program
      const tty = terminal === undefined ? {} : { tty: true }
      const head = { jobId, position: { attempt: 0, n: 1 }, at }
      const entry = toEntry(head, {
        type: 'queued',
        language,
        ...(extracted && { extracted }),
        limits,
        interactive,
        ...tty,
      })
      return [
        ['XADD', keys.events(jobId), entry.id, ...toFields(entry)],
        ['PUBLISH', keys.eventsChannel(jobId), toMessage(entry)],
      ]
    },

    async cancelQueued(jobId) {
      const finished = toFinished(jobId, { attempt: 0, n: 2 }, { type: 'canceled' })
      return (await cancelScript(redis, logKeys(keys, jobId), [retentionMs, finished])) === 1
    },

    async endUntaken(jobId, attempts, reference) {
      const outcome = { type: 'sandbox-failed', reference } as const
      const next = { attempt: attempts + 1, n: 1 }
      const restarted = toEntry({ jobId, position: next, at: new Date().toISOString() }, { type: 'restarted' })
      const ends = [
        toFinished(jobId, { attempt: 0, n: 2 }, outcome),
        toMessage(restarted),
        toFinished(jobId, { ...next, n: 2 }, outcome),
      ]
      return (await endUntakenScript(redis, logKeys(keys, jobId), [retentionMs, attempts, ...ends])) === 1
    },
  }
}
