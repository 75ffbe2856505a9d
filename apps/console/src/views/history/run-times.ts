import type { ListedJob } from '@runnel/contract/public'

type TimedJob = Pick<ListedJob, 'status' | 'submittedAt' | 'startedAt' | 'finishedAt' | 'usage'>

/** How long a run waited, and how long it ran, in ms. What is not over counts until `nowMs`. */
export const toRunTimes = (job: TimedJob, nowMs: number): { readonly waitedMs: number; readonly ranMs: number } => {
  const submitted = Date.parse(job.submittedAt)
  const end = job.finishedAt === undefined ? nowMs : Date.parse(job.finishedAt)
  if (job.startedAt === undefined) return { waitedMs: Math.max(0, end - submitted), ranMs: 0 }
  const started = Date.parse(job.startedAt)
  // The worker's own measure is finer than the times of events.
  const ranMs = job.usage?.wallMs ?? Math.max(0, end - started)
  return { waitedMs: Math.max(0, started - submitted), ranMs }
}
