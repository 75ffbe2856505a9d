import { type Job, type JobEvent, readEventId, toBytes, toChunk } from '@runnel/contract'
import type { JobSummary } from '@runnel/output/subscriber'
import type { Backend } from '../backend.ts'
import { toJobNotFound } from '../errors/to-request-error.ts'

export const toJob = (id: string, { interactive: _, ...summary }: JobSummary): Job => ({ id, ...summary })

/** All that the last attempt printed. What an attempt before it printed was dropped when the job began again. */
const toOutput = (events: readonly JobEvent[]): NonNullable<Job['output']> => {
  const last = events.at(-1)
  const attempt = last === undefined ? 0 : readEventId(last.id).attempt
  const bytes: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] }
  for (const event of events) {
    const isOutput = event.type === 'stdout' || event.type === 'stderr'
    if (isOutput && readEventId(event.id).attempt === attempt) bytes[event.type].push(toBytes(event))
  }
  return { stdout: toChunk(Buffer.concat(bytes.stdout)), stderr: toChunk(Buffer.concat(bytes.stderr)) }
}

export const requireSummary = async ({ subscriber }: Backend, id: string): Promise<JobSummary> => {
  const summary = await subscriber.summary(id)
  if (summary === undefined) throw toJobNotFound()
  return summary
}

/** A job as it stands: with its place while it waits, with its output when it has finished. */
export const readJob = async (backend: Backend, id: string): Promise<Job> => {
  const job = toJob(id, await requireSummary(backend, id))
  if (job.status === 'finished') return { ...job, output: toOutput(await backend.subscriber.read(id)) }
  if (job.status === 'running') return job
  const queuePosition = await backend.producer.position(id)
  return queuePosition === undefined ? job : { ...job, queuePosition }
}
