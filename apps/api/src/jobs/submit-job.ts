import type { Job, QueuedJob } from '@runnel/contract'
import type { Backend } from '../backend.ts'
import { requireRedis } from '../errors/redis-outage.ts'
import { writeTogether } from '../write-together.ts'

/**
 * Log, history and queue, in this order on one connection: no job is in the queue that has no log or is not listed.
 * They go out together, without waiting for each other's answers. Where one of them fails, what the others did is undone
 * as far as Redis can be reached, and the caller is told that the job was not taken.
 */
const enter = async ({ redis, intake, history, producer }: Backend, job: QueuedJob): Promise<void> => {
  writeTogether(redis.stream)
  const entries = await Promise.allSettled([
    intake.queued(job),
    history.record(job.tenant, job.id, new Date(job.submittedAt)),
    producer.enqueue(job),
  ])
  const failure = entries.find((entry) => entry.status === 'rejected')
  if (failure === undefined) return
  await Promise.allSettled([producer.remove(job.id), intake.cancelQueued(job.id)])
  throw failure.reason
}

/** Takes a job: what is answered with it is in Redis. */
export const submitJob = async (backend: Backend, job: QueuedJob): Promise<Job> => {
  requireRedis(backend.redis)
  await enter(backend, job)
  const { id, submittedAt, program, limits } = job
  return { id, status: 'queued', language: program.language, submittedAt, limits, attempt: 0 }
}
