import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { QueuedJob } from '@runnel/contract/internal'
import { type Outcome, type Program, RequestError, toOutcomeClass, type Usage } from '@runnel/contract/public'
import type { JobLog, Publisher } from '@runnel/output/publisher'
import type { Logger } from '@runnel/process'
import type { Delivery, Verdict } from '@runnel/queue/consumer'
import type { History, JobRecorder } from '@runnel/registry'
import type { Sandboxes } from '@runnel/sandbox'
import type { JobFiles } from './files/hold-for-job.ts'
import type { Kept } from './files/keep-artifacts.ts'
import { noteFirstOutput } from './first-output.ts'
import { nextStep, type Progress } from './next-step.ts'
import { createRunInSandbox } from './run-in-sandbox.ts'

export interface RunJobDeps {
  readonly sandboxes: Sandboxes
  /** For jobs that take or keep files. */
  readonly jobFiles: JobFiles
  readonly publisher: Publisher
  readonly history: Pick<History, 'endCommands'>
  readonly recorder: JobRecorder
  readonly log: Logger
  /** Checks whether sandboxes can be made at all; if not, it also stops this worker from taking more jobs. */
  readonly isEngineUp: () => Promise<boolean>
}

/** All tries of one delivery share a log, which starts once. */
const startOnce = (jobLog: JobLog, { terminal }: Program): JobLog => {
  let started: ReturnType<JobLog['start']> | undefined
  const start = () => {
    started ??= jobLog.start(terminal)
    return started
  }
  return { ...jobLog, start }
}

/**
 * One delivery of one job: decide on the next step, do it, and decide again, until the delivery is over.
 *
 *   decide ──┬─▶ run, check the engine, or pause ──▶ decide again
 *            └─▶ write the outcome, put the job back, or leave it ──▶ verdict
 *
 * next-step.ts decides, run-in-sandbox.ts runs, and this file does the rest.
 */
export const createRunJob = ({ sandboxes, jobFiles, publisher, history, recorder, log, isEngineUp }: RunJobDeps) => {
  const runInSandbox = createRunInSandbox({ sandboxes, jobFiles, log })

  const checkEngine = async (failed: Progress): Promise<Progress> => {
    try {
      return failed.type === 'failed' ? { ...failed, isEngineUp: await isEngineUp() } : failed
    } catch (error) {
      return { type: 'fault', error }
    }
  }

  const toSandboxFailed = (job: QueuedJob, cause: unknown): Outcome => {
    const reference = randomUUID()
    log.error({ jobId: job.id, reference, err: cause }, 'A sandbox failed')
    // A file that it names was deleted meanwhile, say.
    const why = cause instanceof RequestError ? { message: cause.message } : {}
    return { type: 'sandbox-failed', reference, ...why }
  }

  return async (delivery: Delivery): Promise<Verdict> => {
    const { job, attempt, crashes, lastTry, signal } = delivery
    const startedMs = performance.now()
    const submittedMs = Date.parse(job.submittedAt)
    /** The clock of the API's host may be ahead of this one. */
    const sinceSubmission = (atMs: number): number => Math.max(0, atMs - submittedMs)
    const queuedMs = sinceSubmission(Date.now())
    const output = noteFirstOutput(startOnce(publisher.open(job.id, attempt), job.program))
    const { jobLog } = output
    const logLine: Record<string, unknown> = {
      jobId: job.id,
      tenant: job.tenantId,
      language: job.program.language,
      attempt,
      ...(job.program.terminal === undefined ? {} : { tty: true }),
    }

    const finish = async (outcome: Outcome, usage: Usage | null, kept?: Kept): Promise<Verdict> => {
      // The log may not have started yet. Watchers still have to drop what earlier attempts printed.
      if (attempt > 1 && (await jobLog.start()) !== 'started') return 'done'
      const written = await jobLog.finish(outcome, usage, (end) => history.endCommands(job, end), kept)
      const tookMs = Math.round(performance.now() - startedMs)
      log.info({ ...logLine, outcome, usage, written, queuedMs, tookMs }, 'job finished')
      if (written === 'finished') {
        const { firstAtMs } = output
        recorder.ended(toOutcomeClass(outcome), {
          waitMs: queuedMs,
          ...(firstAtMs === undefined ? {} : { firstOutputMs: sinceSubmission(firstAtMs) }),
          ...(usage === null ? {} : { runMs: usage.wallMs }),
        })
      }
      return 'done'
    }

    let progress: Progress = { type: 'not-run' }
    let failures = 0
    for (;;) {
      const stopReason = signal.aborted ? signal.reason : undefined
      const { step, because, isWarning } = nextStep({ progress, stopReason, crashes, attempt, failures, lastTry })
      if (isWarning && progress.type === 'failed') log.warn({ jobId: job.id, err: progress.error }, because)
      switch (step.type) {
        case 'run':
          progress = await runInSandbox(delivery, jobLog, logLine)
          if (progress.type === 'failed') failures += 1
          break
        case 'check-engine':
          progress = await checkEngine(progress)
          break
        case 'retry':
          await delay(step.afterMs, undefined, { signal }).catch(() => {})
          progress = { type: 'not-run' }
          break
        case 'finish':
          return finish(step.outcome, step.usage, step.kept)
        case 'fail':
          return finish(toSandboxFailed(job, step.cause), null)
        case 'requeue':
          return 'requeue'
        case 'leave':
          return 'done'
        case 'throw':
          throw step.error
      }
    }
  }
}
