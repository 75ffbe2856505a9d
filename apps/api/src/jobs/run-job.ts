import type { QueuedJob } from '@runnel/contract/internal'
import type { Job } from '@runnel/contract/public'
import { createTranscript, type Receive } from '@runnel/output/subscriber'
import type { Backend } from '../backend.ts'
import { readJob, toFinishedJob } from './read-job.ts'
import { type SubmitOptions, submitJob } from './submit-job.ts'

/** A word, where the default would make an error with a stack for every job. */
const ENOUGH = 'enough'

interface Ran {
  /** Of the job that was run: another one's where its key was used before. */
  readonly id: string
  /** Undefined where it has not finished in time. */
  readonly finished: Job | undefined
}

/**
 * Takes a job and stays with it to its end, but no longer than `waitMs`, and only until `signal` aborts.
 * What it printed has been seen on the way, so the log is asked only for what was too much to be kept.
 */
export const runJob = async (
  backend: Backend,
  job: QueuedJob,
  options: SubmitOptions & { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<Ran> => {
  const { waitMs, signal, ...submitting } = options
  using expected = backend.subscriber.expect(job.id)
  const { id } = await submitJob(backend, job, submitting)

  const enough = new AbortController()
  const stop = (): void => enough.abort(ENOUGH)
  const timer = setTimeout(stop, waitMs)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  const transcript = createTranscript()
  let hasFinished = false
  const receive: Receive = (entry) => {
    transcript.add(entry)
    hasFinished = entry.type === 'finished'
    return undefined
  }
  try {
    if (id === job.id) await expected.follow({ signal: enough.signal }, receive)
    else await backend.subscriber.follow(id, { signal: enough.signal }, receive)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
  if (!hasFinished) return { id, finished: undefined }
  const told = transcript.read()
  const finished = told === undefined ? await readJob(backend, id) : toFinishedJob(id, told.summary, told.output)
  return { id, finished }
}
