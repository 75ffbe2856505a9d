import { type Job, type JobEvent, jobEventSchema, readEventId } from '@runnel/contract'
import type { Redis } from 'ioredis'
import { followLog } from './follow-log.ts'
import { JobNotFoundError } from './job-not-found-error.ts'
import { logKey } from './keys.ts'
import { createLiveEntries } from './live-entries.ts'
import type { LogEntry } from './log-entry.ts'
import { createLogReader } from './log-reader.ts'
import { summaryScript } from './log-scripts.ts'
import { type Output, readOutput } from './read-output.ts'

export { JobNotFoundError, type LogEntry }

/** What the log says about a job: all that `GET /v1/jobs/:id` needs of it, without the output. */
export type JobSummary = Pick<
  Job,
  'status' | 'language' | 'submittedAt' | 'limits' | 'attempt' | 'startedAt' | 'finishedAt' | 'outcome' | 'usage'
> & { readonly interactive: boolean }

export interface Subscriber extends AsyncDisposable {
  /**
   * Every event after `after` (all of them when left out), each once, in order, until `finished`; ends early, without an
   * error, when `signal` aborts. Throws JobNotFoundError, and Redis's own error when it is away at the beginning.
   */
  follow(jobId: string, options: { readonly after?: string; readonly signal: AbortSignal }): AsyncIterable<LogEntry>
  summary(jobId: string): Promise<JobSummary | undefined>
  /** What an attempt has printed so far, at most `maxBytes` of each stream. */
  output(jobId: string, options: { readonly attempt: number; readonly maxBytes: number }): Promise<Output>
}

/** `redis` is a command connection, `subscriber` one for subscriptions only; both stay the caller's. */
export const createSubscriber = (options: {
  readonly redis: Redis
  readonly subscriber: Redis
  readonly prefix: string
  readonly log: { warn(details: object, message: string): void }
}): Subscriber => {
  const { redis, subscriber, prefix, log } = options
  const live = createLiveEntries(subscriber)

  return {
    follow: (jobId, { after, signal }) =>
      followLog({
        reader: createLogReader(redis, logKey(prefix, jobId)),
        watch: () => live.watch(logKey(prefix, jobId), signal),
        ...(after === undefined ? {} : { after: readEventId(after) }),
        signal,
        notFound: () => new JobNotFoundError(`There is no log of job ${jobId}`),
        onReadFailed: (err) => {
          // That Redis is away is logged by the connection's owner, once for all watchers.
          if (redis.status === 'ready') log.warn({ jobId, err }, 'Cannot read the log of a job: trying again')
        },
      }),

    async summary(jobId) {
      const found = await summaryScript(redis, [logKey(prefix, jobId)], [])
      if (!Array.isArray(found)) return undefined
      const [attempt, jsons]: unknown[] = found
      if (!Array.isArray(jsons)) return undefined
      return toSummary(Number(attempt), jsons.map(parseEvent))
    },

    output: (jobId, { attempt, maxBytes }) => readOutput(redis, logKey(prefix, jobId), attempt, maxBytes),

    [Symbol.asyncDispose]: () => live[Symbol.asyncDispose](),
  }
}

const parseEvent = (json: unknown): JobEvent => jobEventSchema.parse(JSON.parse(String(json)))

const toSummary = (attempt: number, events: readonly JobEvent[]): JobSummary | undefined => {
  const queued = events.find((event) => event.type === 'queued')
  if (queued === undefined) return undefined
  const started = events.find((event) => event.type === 'started')
  const finished = events.find((event) => event.type === 'finished')
  const { language, limits, interactive, at: submittedAt } = queued
  return {
    status: finished === undefined ? (attempt === 0 ? 'queued' : 'running') : 'finished',
    language,
    limits,
    interactive,
    submittedAt,
    attempt,
    ...(started === undefined ? {} : { startedAt: started.at }),
    ...(finished === undefined ? {} : { finishedAt: finished.at, outcome: finished.outcome, usage: finished.usage }),
  }
}
