import type { QueuedJob } from '@runnel/contract/internal'
import { type JobLog, LogLostError } from '@runnel/output/publisher'
import type { Logger } from '@runnel/process'
import type { Delivery } from '@runnel/queue/consumer'
import { type LeaseRequest, type Sandboxes, SandboxFailure } from '@runnel/sandbox'
import { holdForJob, type JobFiles, type JobSandbox, needsFiles } from './files/hold-for-job.ts'
import type { FailureKind, Progress } from './next-step.ts'

const toLeaseRequest = ({ program: { language }, limits, isolation, tenantId }: QueuedJob): LeaseRequest => ({
  language,
  limits,
  isolation,
  tenantId,
})

const toFailureKind = (error: unknown): FailureKind => {
  if (error instanceof LogLostError) return error.why === 'taken-over' ? 'log-taken-over' : 'log-lost'
  if (!(error instanceof SandboxFailure)) return 'other'
  if (!error.programStarted) return 'sandbox-before-program'
  return error.wasLost ? 'sandbox-lost' : 'other'
}

/**
 * One try: leases a sandbox, runs the program in it, and publishes what it prints.
 *
 *   lease a sandbox ─┬─▶ run the program ──▶ publish its output ──▶ outcome
 *                    └─▶ start the log ──────┘
 *
 * The program starts before its log has started. If the log is already finished, or another worker's, the run is
 * discarded: a program without a network has no other effect.
 *
 * What an abort does depends on its reason: `canceled` ends the program, and its outcome follows; every other reason
 * removes the sandbox, and what the program would still print is discarded.
 */
export const createRunInSandbox = (options: {
  readonly sandboxes: Sandboxes
  readonly jobFiles: JobFiles
  readonly log: Logger
}) => {
  const { sandboxes, jobFiles, log } = options
  const run = async (sandbox: JobSandbox, jobLog: JobLog, delivery: Delivery): Promise<Progress> => {
    const { job, signal, controls } = delivery
    const cancel = new AbortController()
    const release = async () => {
      try {
        await sandbox[Symbol.asyncDispose]()
      } catch (error) {
        log.warn({ jobId: job.id, err: error }, 'Cannot clean up a sandbox')
      }
    }
    const onStop = () => (signal.reason === 'canceled' ? cancel.abort() : void release())
    signal.addEventListener('abort', onStop, { once: true })
    if (signal.aborted) onStop()
    const started = jobLog.start()
    started.then((how) => (how === 'started' ? undefined : release()), release)
    const { program, limits } = job
    try {
      for await (const event of sandbox.run({ program, limits, signal: cancel.signal, controls })) {
        if ((await started) !== 'started') return { type: 'log-closed' }
        if (event.type === 'output') await jobLog.write(event.stream, event.bytes)
        else return { ...event, type: 'ended' }
      }
      throw new Error('A run ended without an outcome')
    } catch (error) {
      // Then the run failed only because its sandbox was released.
      if ((await started) !== 'started') return { type: 'log-closed' }
      throw error
    } finally {
      signal.removeEventListener('abort', onStop)
    }
  }

  /** `logLine` gets what is known about the sandbox. */
  return async (delivery: Delivery, jobLog: JobLog, logLine: Record<string, unknown>): Promise<Progress> => {
    try {
      const { job, signal } = delivery
      await using sandbox: JobSandbox = needsFiles(job)
        ? await holdForJob(jobFiles, job, signal)
        : await sandboxes.lease(toLeaseRequest(job), signal)
      Object.assign(logLine, { sandbox: sandbox.id, warm: sandbox.warm })
      // Awaited here, because the sandbox must outlive the run.
      return await run(sandbox, jobLog, delivery)
    } catch (error) {
      return { type: 'failed', kind: toFailureKind(error), error }
    }
  }
}
