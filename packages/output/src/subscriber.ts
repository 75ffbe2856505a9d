import { createRedisKeys, type Redis } from '@runnel/redis'
import { JobNotFoundError } from './job-not-found-error.ts'
import { createLiveEntries } from './live-entries.ts'
import type { LogEntry } from './log-entry.ts'
import { createLogFollower, type LogFollower } from './log-follower.ts'
import { LogGoneError } from './log-gone-error.ts'
import { createLogReader, findEnds } from './log-reader.ts'
import { type Output, readOutput } from './read-output.ts'
import { type JobSummary, readSummary } from './read-summary.ts'
import { createTranscript } from './transcript.ts'

export { createTranscript, JobNotFoundError, type JobSummary, type LogEntry, LogGoneError, type Output }

export interface Subscriber extends Disposable {
  /**
   * Yields every event after `after` (or from the first one), each once, in order, until `finished`. Ends early, without an
   * error, when `signal` aborts. Throws JobNotFoundError, LogGoneError if Redis has lost events that were returned, and Redis's
   * own error if it is away at the start.
   */
  follow(
    jobId: string,
    options: { readonly after?: string; readonly signal: AbortSignal },
  ): AsyncIterableIterator<LogEntry, void>
  /**
   * Subscribes to a job that is about to be submitted. Follow it after the submission: its events come from the first one,
   * without reading the log. Dispose it if the job is not submitted.
   */
  expect(jobId: string): LogFollower
  /** Whether the job has a log, and so can be followed. */
  has(jobId: string): Promise<boolean>
  summary(jobId: string): Promise<JobSummary | undefined>
  /** What an attempt has printed so far, at most `maxBytes` of each stream. */
  output(jobId: string, options: { readonly attempt: number; readonly maxBytes: number }): Promise<Output>
}

/** `redis` is a command connection, `subscriber` one for subscriptions only. The caller closes both. */
export const createSubscriber = (options: {
  readonly redis: Redis
  readonly subscriber: Redis
  readonly prefix: string
  readonly log: { warn(details: object, message: string): void }
}): Subscriber => {
  const { redis, subscriber, prefix, log } = options
  const keys = createRedisKeys(prefix)
  const live = createLiveEntries({ subscriber, findEnds: (names) => findEnds(redis, names) })

  const createFollower = (jobId: string, isNew: boolean): LogFollower => {
    const key = keys.events(jobId)
    return createLogFollower({
      reader: createLogReader(redis, key),
      listen: (listener) => live.listen(key, listener),
      isNew,
      notFound: () => new JobNotFoundError(`There is no log of job ${jobId}`),
      gone: () => new LogGoneError(`The log of job ${jobId} has lost events that were there`),
      onReadFailed: (err) => {
        // If Redis is away, the owner of the connection logs that, once for all watchers.
        if (redis.status === 'ready') log.warn({ jobId, err }, 'Cannot read the log of a job: trying again')
      },
    })
  }

  return {
    follow: (jobId, options) => createFollower(jobId, false).follow(options),
    expect: (jobId) => createFollower(jobId, true),
    has: async (jobId) => (await redis.exists(keys.events(jobId))) === 1,
    summary: (jobId) => readSummary(redis, keys.events(jobId)),
    output: (jobId, { attempt, maxBytes }) => readOutput(redis, keys.events(jobId), attempt, maxBytes),

    [Symbol.dispose]: () => live[Symbol.dispose](),
  }
}
