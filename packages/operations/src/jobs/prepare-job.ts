import { createHash } from 'node:crypto'
import type { QueuedJob, QueuedSandbox, SandboxRun } from '@runnel/contract/internal'
import type { Submission } from '@runnel/contract/public'
import type { Requester } from '../requester.ts'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'
import { isSite } from '../sites/is-site.ts'
import type { AcceptOptions } from './accept-job.ts'
import { createJob } from './create-job.ts'
import { createServedJob } from './create-served-job.ts'
import { chooseServedLimits, chooseServeTimes, type ServeTimes } from './serve-times.ts'

export interface SubmitOptions {
  /** Submitting again with the same key returns the first job. */
  readonly idempotencyKey?: string | undefined
  /** Runs when the submission is known to be valid and nothing is written yet. What it throws refuses the submission. */
  readonly admit?: () => Promise<void>
}

/** A job that is valid for its tenant, and has not been accepted yet. */
export interface PreparedJob extends AcceptOptions {
  readonly job: QueuedJob | SandboxRun
  /** Of a job that serves: the sandbox that runs it. */
  readonly sandbox?: QueuedSandbox
  /** Of a job with previews: whether everybody sees them, and how long it lives, in milliseconds. */
  readonly isPublic: boolean
  readonly times: ServeTimes
}

/**
 * Of the parsed submission: spacing, the order of fields and repeated fields make no difference. A field that is undefined is
 * the same as one that is left out (`language: "auto"`).
 */
const toFingerprint = ({ env, ...submission }: Submission): string => {
  const sorted = Object.entries(env).toSorted(([one], [other]) => (one < other ? -1 : 1))
  const fields = Object.entries({ ...submission, env: sorted })
    .filter(([, value]) => value !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(fields)).digest('base64url')
}

const create = async (
  parts: SandboxParts,
  requester: Requester,
  submission: Submission,
): Promise<Pick<PreparedJob, 'job' | 'sandbox'>> => {
  const limits = submission.serve ? chooseServedLimits(parts, requester.tenant, submission) : undefined
  const job = await createJob(parts, requester, submission, limits)
  if (isSite(job.program)) {
    // It is served without a program, until its own time is over.
    const { timeoutMs } = chooseServeTimes(parts, requester.tenant, submission)
    return { job: { ...job, limits: { ...job.limits, wallMs: timeoutMs } } }
  }
  if (!submission.serve) return { job }
  const { run, sandbox } = await createServedJob(parts, requester, submission, job)
  return { job: run, sandbox }
}

/** Throws a RequestError if the tenant may not have such a job. */
export const prepareJob = async (
  parts: SandboxParts,
  requester: Requester,
  submission: Submission,
  { idempotencyKey, admit }: SubmitOptions,
): Promise<PreparedJob> => {
  const prepared = await create(parts, requester, submission)
  await admit?.()
  const idempotency =
    idempotencyKey === undefined ? {} : { idempotency: { key: idempotencyKey, fingerprint: toFingerprint(submission) } }
  return {
    ...prepared,
    isPublic: submission.public,
    times: chooseServeTimes(parts, requester.tenant, submission),
    tenantBounds: requester.tenant.limits,
    ...idempotency,
  }
}
