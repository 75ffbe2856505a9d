import { JOB_OUTPUT_BYTES, type Job, RequestError, toChunk } from '@runnel/contract/public'
import type { JobSummary, Output } from '@runnel/output/subscriber'
import type { OperationParts } from '../parts.ts'
import { jobNotFound } from '../request-errors.ts'

export const toJob = (
  id: string,
  { interactive: _interactive, tty: _tty, isDropped: _isDropped, ...summary }: JobSummary,
): Job => ({
  id,
  ...summary,
})

export const toFinishedJob = (id: string, summary: JobSummary, { stdout, stderr, truncated }: Output): Job => ({
  ...toJob(id, summary),
  output: {
    stdout: toChunk(stdout),
    stderr: toChunk(stderr),
    truncated,
    ...(summary.isDropped ? { dropped: true } : {}),
  },
})

export const requireSummary = async ({ subscriber }: OperationParts, id: string): Promise<JobSummary> => {
  const summary = await subscriber.summary(id)
  if (summary === undefined) throw jobNotFound()
  return summary
}

export const requireUnfinished = async (parts: OperationParts, id: string): Promise<JobSummary> => {
  const summary = await requireSummary(parts, id)
  if (summary.status === 'finished') throw new RequestError('job-finished', 'Cannot reach this job: it has finished')
  return summary
}

/** The job as it is now: with its place if it waits, with its output if it has finished. */
export const readJob = async (parts: OperationParts, id: string): Promise<Job> => {
  const { subscriber, producer } = parts
  const summary = await requireSummary(parts, id)
  if (summary.status === 'finished') {
    // When a job restarts, the output of earlier attempts does not count.
    const { attempt } = summary
    return toFinishedJob(id, summary, await subscriber.output(id, { attempt, maxBytes: JOB_OUTPUT_BYTES }))
  }
  const job = toJob(id, summary)
  if (job.status === 'running') return job
  const place = await producer.place(job.sandboxId ?? id)
  if (place === undefined) return job
  const { position: queuePosition, ...estimate } = place
  return { ...job, queuePosition, ...estimate }
}
