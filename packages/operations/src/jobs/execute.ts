import { type Job, RequestError } from '@runnel/contract/public'
import type { Requester } from '../requester.ts'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'
import { isSite } from '../sites/is-site.ts'
import { cancelAbandoned } from './cancel-abandoned.ts'
import { cancelJob } from './cancel-job.ts'
import type { PreparedJob } from './prepare-job.ts'
import { submitAndWait, type WaitOptions } from './submit-and-wait.ts'

/** How long a job may wait in the queue and for its sandbox, on top of its own `wallMs`. */
export const QUEUE_WAIT_MS = 60_000

export interface ExecuteOptions extends Pick<WaitOptions, 'signal' | 'onAccepted'> {
  /** Aborts when the server starts to close. */
  readonly closing: AbortSignal
}

/** For callers that wait for the end of a program, and see no pages. */
export const requireProgram = (program: { readonly language: string }): void => {
  if (!isSite(program)) return
  throw new RequestError(
    'invalid-request',
    'Cannot run HTML here: a page is shown, and does not end; submit it with POST /v1/jobs, and open its preview',
  )
}

/**
 * Runs a program for a caller that never learns the job's id. So the job is canceled if it has not finished in time,
 * if `signal` aborts, and if waiting for it fails. Without an outcome, the job did not start in time.
 */
export const execute = async (
  parts: SandboxParts,
  requester: Requester,
  prepared: PreparedJob,
  { signal, closing, onAccepted }: ExecuteOptions,
): Promise<Job> => {
  const { id, limits, program } = prepared.job
  requireProgram(program)
  try {
    const waitMs = limits.wallMs + QUEUE_WAIT_MS
    const { finished } = await submitAndWait(parts, requester, prepared, { waitMs, signal, onAccepted })
    return finished ?? (await cancelJob(parts, requester, id))
  } catch (error) {
    // A job that was refused does not exist.
    if (!(error instanceof RequestError)) void cancelAbandoned(parts, requester, id, closing)
    throw error
  }
}
