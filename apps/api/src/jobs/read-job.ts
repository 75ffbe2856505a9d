import { JOB_OUTPUT_BYTES, type Job, toChunk } from '@runnel/contract/public'
import type { JobSummary, Output } from '@runnel/output/subscriber'
import type { Backend } from '../backend.ts'
import { toJobNotFound } from '../errors/to-request-error.ts'

export const toJob = (id: string, { interactive: _, ...summary }: JobSummary): Job => ({ id, ...summary })

export const toFinishedJob = (id: string, summary: JobSummary, { stdout, stderr, truncated }: Output): Job => ({
  ...toJob(id, summary),
  output: { stdout: toChunk(stdout), stderr: toChunk(stderr), truncated },
})

export const requireSummary = async ({ subscriber }: Backend, id: string): Promise<JobSummary> => {
  const summary = await subscriber.summary(id)
  if (summary === undefined) throw toJobNotFound()
  return summary
}

export const requireLog = async ({ subscriber }: Backend, id: string): Promise<void> => {
  if (!(await subscriber.has(id))) throw toJobNotFound()
}

/** A job as it stands: with its place while it waits, with its output when it has finished. */
export const readJob = async (backend: Backend, id: string): Promise<Job> => {
  const summary = await requireSummary(backend, id)
  if (summary.status === 'finished') {
    // What an attempt before the last one printed was dropped when the job began again.
    const { attempt } = summary
    return toFinishedJob(id, summary, await backend.subscriber.output(id, { attempt, maxBytes: JOB_OUTPUT_BYTES }))
  }
  const job = toJob(id, summary)
  if (job.status === 'running') return job
  const place = await backend.producer.place(id)
  if (place === undefined) return job
  const { position: queuePosition, ...estimate } = place
  return { ...job, queuePosition, ...estimate }
}
