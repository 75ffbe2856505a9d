import { type Job, type JobEvent, jobEventSchema } from '@runnel/contract/public'
import type { Redis } from '@runnel/redis'
import { readStored } from './log-entry.ts'
import { summaryScript } from './log-scripts.ts'

/** What the log says about a job: all that `GET /v1/jobs/:id` needs from it, except the output. */
export type JobSummary = Pick<
  Job,
  | 'status'
  | 'language'
  | 'extracted'
  | 'submittedAt'
  | 'limits'
  | 'sandboxId'
  | 'serve'
  | 'serves'
  | 'attempt'
  | 'startedAt'
  | 'finishedAt'
  | 'outcome'
  | 'usage'
  | 'artifacts'
  | 'artifactsLeftOut'
> & {
  readonly interactive: boolean
  readonly tty: boolean
  /** Output of the last attempt was left out of the log, because Redis was full. */
  readonly isDropped: boolean
}

export const parseEvent = (json: string): JobEvent => jobEventSchema.parse(JSON.parse(json))

const toEnd = ({ at, outcome, usage, artifacts, artifactsLeftOut }: Extract<JobEvent, { type: 'finished' }>) => ({
  finishedAt: at,
  outcome,
  usage,
  ...(artifacts === undefined ? {} : { artifacts }),
  ...(artifactsLeftOut === undefined ? {} : { artifactsLeftOut }),
})

/** Takes the first event, and of the last attempt its start, `dropped` and its end, as far as there are any. */
export const toSummary = (attempt: number, events: readonly JobEvent[]): JobSummary | undefined => {
  const queued = events.find((event) => event.type === 'queued')
  if (queued === undefined) return undefined
  const started = events.find((event) => event.type === 'started')
  const finished = events.find((event) => event.type === 'finished')
  const { language, extracted, limits, interactive, tty = false, at: submittedAt, sandboxId, serve, serves } = queued
  return {
    status: finished === undefined ? (attempt === 0 ? 'queued' : 'running') : 'finished',
    language,
    ...(extracted === undefined ? {} : { extracted }),
    limits,
    ...(sandboxId === undefined ? {} : { sandboxId }),
    ...(serve && { serve }),
    ...(serves && { serves }),
    interactive,
    tty,
    isDropped: events.some(({ type }) => type === 'dropped'),
    submittedAt,
    attempt,
    ...(started === undefined ? {} : { startedAt: started.at }),
    ...(finished === undefined ? {} : toEnd(finished)),
  }
}

/** Needs one round trip. */
export const readSummary = async (redis: Redis, key: string): Promise<JobSummary | undefined> => {
  const found = await summaryScript(redis, [key], [])
  if (!Array.isArray(found)) return undefined
  const [attempt, entries]: unknown[] = found
  const events = Array.isArray(entries) ? entries.map((entry) => parseEvent(readStored(entry).json)) : []
  return toSummary(Number(attempt), events)
}
