import type { QueuedJob } from '@runnel/contract/internal'
import type { executeResponseSchema, Job } from '@runnel/contract/public'
import { RequestError, toBytes } from '@runnel/contract/public'
import type { z } from 'zod'
import type { Backend } from '../backend.ts'
import { cancelJob } from './cancel-job.ts'
import { describeOutcome } from './describe-outcome.ts'
import { runJob } from './run-job.ts'
import type { SubmitOptions } from './submit-job.ts'

type Executed = z.output<typeof executeResponseSchema>

/** On top of the program's own time: for its turn in the queue, and for the sandbox. */
export const QUEUE_MS = 60_000

/** Whole microseconds, for a division by a thousand would show as 0.10298099999999999. */
const toSeconds = (ms: number): number => Number((ms / 1_000).toFixed(6))

const toExecuted = ({ outcome, output, usage }: Job): Executed => {
  const text = (stream: 'stdout' | 'stderr'): string =>
    output === undefined ? '' : Buffer.from(toBytes(output[stream])).toString('utf8')
  const ending =
    outcome === undefined ? 'The program did not get its turn in time and was canceled.' : describeOutcome(outcome)
  const parts = [text('stderr'), ending ?? ''].filter((part) => part !== '')
  return {
    success: ending === undefined,
    output: text('stdout'),
    error: parts.length === 0 ? null : parts.join('\n'),
    execution_time: toSeconds(usage?.wallMs ?? 0),
  }
}

/**
 * Runs a program and answers with what it printed. Nobody else knows of the job, so it is canceled when the caller goes
 * away, or when it has not finished in the time that its limits and a fair wait allow.
 */
export const executeCode = async (
  backend: Backend,
  job: QueuedJob,
  options: Omit<SubmitOptions, 'once'> & {
    readonly signal: AbortSignal
    /** Cancels the job as soon as that can be done. */
    readonly abandon: (jobId: string) => void
  },
): Promise<Executed> => {
  const { abandon, ...running } = options
  try {
    const { finished } = await runJob(backend, job, { waitMs: job.limits.wallMs + QUEUE_MS, ...running })
    return toExecuted(finished ?? (await cancelJob(backend, job.id, options.audit)))
  } catch (error) {
    // One that was refused is nowhere; of any other the caller knows no id to cancel it by.
    if (!(error instanceof RequestError)) abandon(job.id)
    throw error
  }
}
