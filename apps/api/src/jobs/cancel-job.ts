import type { Job } from '@runnel/contract/public'
import type { Audit } from '../access/audit.ts'
import type { Backend } from '../backend.ts'
import { readJob, requireSummary } from './read-job.ts'

/**
 * Ends a job wherever it is: a queued one here and now, a running one by a message to its worker. The log decides which
 * of the two it is, in one atomic step; a worker that takes the job at this moment finds it finished and drops it.
 * Canceling again, or a job that has finished, changes nothing.
 */
export const cancelJob = async (backend: Backend, id: string, audit: Audit): Promise<Job> => {
  const { status } = await requireSummary(backend, id)
  if (status !== 'finished') {
    if (await backend.intake.cancelQueued(id)) await backend.producer.remove(id)
    else await backend.producer.send(id, { type: 'cancel' })
    audit('A job was canceled', { jobId: id })
  }
  return readJob(backend, id)
}
