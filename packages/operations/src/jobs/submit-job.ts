import type { Job } from '@runnel/contract/public'
import type { OperationParts } from '../parts.ts'
import type { Requester } from '../requester.ts'
import { acceptSite } from '../sites/accept-site.ts'
import { isSite } from '../sites/is-site.ts'
import { acceptJob } from './accept-job.ts'
import type { PreparedJob } from './prepare-job.ts'
import { readJob } from './read-job.ts'

export interface Submitted {
  /** The job as it is now. */
  readonly job: Job
  /** The idempotency key was used before: `job` is the one of the first submission. */
  readonly isRepeated: boolean
}

/** When it returns, the job is in Redis. */
export const submitJob = async (
  parts: OperationParts,
  { auditLog }: Requester,
  prepared: PreparedJob,
): Promise<Submitted> => {
  const { job } = prepared
  const isOfSite = isSite(job.program)
  const { id } = await (isOfSite ? acceptSite(parts, prepared) : acceptJob(parts, job, prepared))
  const isRepeated = id !== job.id
  auditLog(isRepeated ? 'A job was submitted again' : 'A job was submitted', { jobId: id })
  if (isRepeated || isOfSite) return { job: await readJob(parts, id), isRepeated }
  const { submittedAt, program, extracted, limits } = job
  const { language } = program
  return {
    job: {
      id,
      status: 'queued',
      language,
      ...(extracted === undefined ? {} : { extracted }),
      submittedAt,
      limits,
      attempt: 0,
    },
    isRepeated,
  }
}
