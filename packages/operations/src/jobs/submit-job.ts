import type { Job } from '@runnel/contract/public'
import type { Requester } from '../requester.ts'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'
import { acceptSite } from '../sites/accept-site.ts'
import { isSite } from '../sites/is-site.ts'
import { acceptJob } from './accept-job.ts'
import { acceptServedJob } from './accept-served-job.ts'
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
  parts: SandboxParts,
  { tenant, auditLog }: Requester,
  prepared: PreparedJob,
): Promise<Submitted> => {
  const { job, sandbox } = prepared
  const isOfSite = isSite(job.program)
  const accept = () => {
    if (isOfSite) return acceptSite(parts, prepared)
    if (sandbox === undefined || !('sandboxId' in job)) return acceptJob(parts, job, prepared)
    return acceptServedJob(parts, tenant, { run: job, sandbox }, prepared)
  }
  const { id } = await accept()
  const isRepeated = id !== job.id
  auditLog(isRepeated ? 'A job was submitted again' : 'A job was submitted', { jobId: id })
  if (isRepeated || isOfSite) return { job: await readJob(parts, id), isRepeated }
  const { submittedAt, program, extracted, limits, serve, serves } = job
  const { language } = program
  return {
    job: {
      id,
      status: 'queued',
      language,
      ...(extracted === undefined ? {} : { extracted }),
      submittedAt,
      limits,
      ...('sandboxId' in job ? { sandboxId: job.sandboxId } : {}),
      ...(serve && { serve }),
      ...(serves && { serves }),
      attempt: 0,
    },
    isRepeated,
  }
}
