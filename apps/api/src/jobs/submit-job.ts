import type { QueuedJob } from '@runnel/contract/internal'
import { type Job, RequestError } from '@runnel/contract/public'
import type { EnqueueOptions } from '@runnel/queue/producer'
import type { Audit } from '../access/audit.ts'
import type { Backend } from '../backend.ts'
import { isRedisOutage, requireRedis } from '../errors/redis-outage.ts'
import { readJob } from './read-job.ts'

/** A tenant's bounds, a key of the caller's that makes it once, and where it is written down that it was taken. */
export type SubmitOptions = Pick<EnqueueOptions, 'once' | 'tenant'> & { readonly audit: Audit }

/**
 * Log, history and queue in one step of Redis: a job that is refused is nowhere. Where the step fails half way, or its
 * answer is lost, what it may have done is undone as far as Redis can be reached, and the caller is told that the job
 * was not taken. One with a key is left alone where only the answer was lost: its caller submits again and is told.
 */
const enter = async (
  { intake, history, producer }: Backend,
  job: QueuedJob,
  options: Pick<EnqueueOptions, 'once' | 'tenant'>,
): Promise<string> => {
  const listed = history.recording(job.tenant, job.id, new Date(job.submittedAt))
  /** The log first: should the connection break in between, a worker finds the job finished and drops it. */
  const undo = async (): Promise<void> => {
    await intake.cancelQueued(job.id).catch(() => {})
    await producer.remove(job.id).catch(() => {})
  }
  try {
    return await producer.enqueue(job, { ...options, alongside: [...intake.beginning(job), ...listed] })
  } catch (error) {
    const isRefused = error instanceof RequestError
    const mayAskAgain = options.once !== undefined && isRedisOutage(error)
    if (!isRefused && !mayAskAgain) {
      await undo()
    }
    throw error
  }
}

/**
 * Takes a job: what is answered with it is in Redis. Under a key that was used before it is the first job that is
 * answered with, as it now stands, and this one is nowhere: their ids tell.
 */
export const submitJob = async (
  backend: Backend,
  job: QueuedJob,
  { audit, ...options }: SubmitOptions,
): Promise<Job> => {
  requireRedis(backend.redis)
  const id = await enter(backend, job, options)
  audit(id === job.id ? 'A job was submitted' : 'A job was submitted again', { jobId: id })
  if (id !== job.id) return readJob(backend, id)
  const { submittedAt, program, limits } = job
  return { id, status: 'queued', language: program.language, submittedAt, limits, attempt: 0 }
}
