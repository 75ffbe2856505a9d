import type { LogEntry } from '@runnel/output/subscriber'
import type { Requester } from '../requester.ts'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'
import { cancelAbandoned } from './cancel-abandoned.ts'
import { cancelJob } from './cancel-job.ts'
import { QUEUE_WAIT_MS, requireProgram } from './execute.ts'
import type { PreparedJob } from './prepare-job.ts'
import { submitAndFollow } from './submit-and-follow.ts'

export interface LiveRun {
  readonly jobId: string
  /** To be iterated once. The consumer sets the pace. Ends early if `signal` aborts; then the job is canceled. */
  readonly events: AsyncIterable<LogEntry>
}

/**
 * Runs a program for a client that watches it and nothing else. So the job is canceled if `signal` aborts, if watching it fails,
 * and if it has not finished in time: its own `wallMs` and a minute in the queue. In the last case its events go on until its
 * `finished`.
 */
export const executeLive = async (
  parts: SandboxParts,
  requester: Requester,
  prepared: PreparedJob,
  { signal, closing }: { readonly signal: AbortSignal; readonly closing: AbortSignal },
): Promise<LiveRun> => {
  const { limits, program } = prepared.job
  requireProgram(program)
  const { job, follow } = await submitAndFollow(parts, requester, prepared)
  const cancel = (): Promise<unknown> =>
    closing.aborted
      ? cancelJob(parts, requester, job.id).catch(() => {})
      : cancelAbandoned(parts, requester, job.id, closing)

  async function* watch(): AsyncGenerator<LogEntry> {
    const timer = setTimeout(() => void cancel(), limits.wallMs + QUEUE_WAIT_MS)
    let hasFinished = false
    try {
      for await (const entry of follow(signal)) {
        hasFinished = entry.type === 'finished'
        yield entry
      }
    } finally {
      clearTimeout(timer)
      if (!hasFinished) void cancel()
    }
  }
  return { jobId: job.id, events: watch() }
}
