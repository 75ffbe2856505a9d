import type { Job, QueuedJob } from '@runnel/contract'
import { createTranscript } from '@runnel/output/subscriber'
import type { Backend } from '../backend.ts'
import { readJob, toFinishedJob } from './read-job.ts'
import { submitJob } from './submit-job.ts'

/** A word, where the default would make an error with a stack for every job. */
const ENOUGH = 'enough'

/**
 * Takes a job and stays with it to its end. Undefined where that takes longer than `waitMs`, or `signal` aborts first.
 * What it printed has been seen on the way, so the log is asked only for what was too much to be kept.
 */
export const runJob = async (
  backend: Backend,
  job: QueuedJob,
  { waitMs, signal }: { waitMs: number; signal: AbortSignal },
): Promise<Job | undefined> => {
  using expected = backend.subscriber.expect(job.id)
  await submitJob(backend, job)

  const enough = new AbortController()
  const stop = (): void => enough.abort(ENOUGH)
  const timer = setTimeout(stop, waitMs)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  const transcript = createTranscript()
  let hasFinished = false
  try {
    await expected.follow({ signal: enough.signal }, (entry) => {
      transcript.add(entry)
      hasFinished = entry.type === 'finished'
      return undefined
    })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
  if (!hasFinished) return undefined
  const told = transcript.read()
  return told === undefined ? readJob(backend, job.id) : toFinishedJob(job.id, told.summary, told.output)
}
