import type { Job } from '@runnel/contract/public'
import { createTranscript } from '@runnel/output/subscriber'
import type { Requester } from '../requester.ts'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'
import { isSite } from '../sites/is-site.ts'
import type { PreparedJob } from './prepare-job.ts'
import { readJob, toFinishedJob } from './read-job.ts'
import { submitAndFollow } from './submit-and-follow.ts'

/** An abort without a reason creates an error with a stack trace, for every job. */
const STOPPED = 'stopped waiting'

export interface Waited {
  /** The id of the job: with a repeated idempotency key that of the first one. */
  readonly id: string
  readonly isRepeated: boolean
  /** Undefined if it did not finish in time. */
  readonly finished: Job | undefined
}

export interface WaitOptions {
  readonly waitMs: number
  readonly signal: AbortSignal
  /** Called with the job's id when the job can be followed. Must not throw. */
  readonly onAccepted?: ((jobId: string) => void) | undefined
}

/**
 * Submits a job and waits for its end, until `waitMs` are over or `signal` aborts. The job continues after that.
 * Its output is collected from its events. It is read from the log only if it is too large for that.
 */
export const submitAndWait = async (
  parts: SandboxParts,
  requester: Requester,
  prepared: PreparedJob,
  { waitMs, signal, onAccepted }: WaitOptions,
): Promise<Waited> => {
  const { job, isRepeated, follow } = await submitAndFollow(parts, requester, prepared)
  const { id } = job
  onAccepted?.(id)
  // It ends when nobody uses it any more: nobody waits for that.
  if (isSite(job)) return { id, isRepeated, finished: undefined }
  const waiting = new AbortController()
  const stop = (): void => waiting.abort(STOPPED)
  const timer = setTimeout(stop, waitMs)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  const transcript = createTranscript()
  let hasFinished = false
  try {
    for await (const entry of follow(waiting.signal)) {
      transcript.add(entry)
      hasFinished = entry.type === 'finished'
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
  if (!hasFinished) return { id, isRepeated, finished: undefined }
  const complete = transcript.read()
  const finished =
    complete === undefined ? await readJob(parts, id) : toFinishedJob(id, complete.summary, complete.output)
  return { id, isRepeated, finished }
}
