import { JOB_OUTPUT_BYTES, type Job, toChunk } from '@runnel/contract'
import type { JobSummary } from '@runnel/output/subscriber'
import type { Backend } from '../backend.ts'
import { toJobNotFound } from '../errors/to-request-error.ts'

export const toJob = (id: string, { interactive: _, ...summary }: JobSummary): Job => ({ id, ...summary })

/** What the last attempt printed. What an attempt before it printed was dropped when the job began again. */
const readOutput = async ({ subscriber }: Backend, { id, attempt }: Job): Promise<NonNullable<Job['output']>> => {
  const { stdout, stderr, truncated } = await subscriber.output(id, { attempt, maxBytes: JOB_OUTPUT_BYTES })
  return { stdout: toChunk(stdout), stderr: toChunk(stderr), truncated }
}

export const requireSummary = async ({ subscriber }: Backend, id: string): Promise<JobSummary> => {
  const summary = await subscriber.summary(id)
  if (summary === undefined) throw toJobNotFound()
  return summary
}

/** A job as it stands: with its place while it waits, with its output when it has finished. */
export const readJob = async (backend: Backend, id: string): Promise<Job> => {
  const job = toJob(id, await requireSummary(backend, id))
  if (job.status === 'finished') return { ...job, output: await readOutput(backend, job) }
  if (job.status === 'running') return job
  const queuePosition = await backend.producer.position(id)
  return queuePosition === undefined ? job : { ...job, queuePosition }
}
