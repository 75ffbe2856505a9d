import { createHash } from 'node:crypto'
import type { QueuedJob } from '@runnel/contract/internal'
import type { Submission } from '@runnel/contract/public'
import type { OperationParts } from '../parts.ts'
import type { Requester } from '../requester.ts'
import type { AcceptOptions } from './accept-job.ts'
import { createJob } from './create-job.ts'

export interface SubmitOptions {
  /** Submitting again with the same key returns the first job. */
  readonly idempotencyKey?: string | undefined
  /** Runs when the submission is known to be valid and nothing is written yet. What it throws refuses the submission. */
  readonly admit?: () => Promise<void>
}

/** An hour, and five minutes without use. */
const SITE_TIMES = { timeoutMs: 3_600_000, idleTimeoutMs: 300_000 }

/** A job that is valid for its tenant, and has not been accepted yet. */
export interface PreparedJob extends AcceptOptions {
  readonly job: QueuedJob
  /** Of a job with previews: whether everybody sees them, and how long it lives, in milliseconds. */
  readonly isPublic: boolean
  readonly times: { readonly timeoutMs: number; readonly idleTimeoutMs: number }
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

/** Throws a RequestError if the tenant may not have such a job. */
export const prepareJob = async (
  parts: OperationParts,
  requester: Requester,
  submission: Submission,
  { idempotencyKey, admit }: SubmitOptions,
): Promise<PreparedJob> => {
  const job = await createJob(parts, requester, submission)
  await admit?.()
  const idempotency =
    idempotencyKey === undefined ? {} : { idempotency: { key: idempotencyKey, fingerprint: toFingerprint(submission) } }
  return { job, isPublic: submission.public, times: SITE_TIMES, tenantBounds: requester.tenant.limits, ...idempotency }
}
