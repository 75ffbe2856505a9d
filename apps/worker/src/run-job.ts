import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { QueuedJob } from '@runnel/contract/internal'
import type { Outcome, Usage } from '@runnel/contract/public'
import { type JobLog, LogLostError, type Publisher } from '@runnel/output/publisher'
import type { Logger } from '@runnel/process'
import type { Delivery, Verdict } from '@runnel/queue/consumer'
import { type Sandbox, type Sandboxes, SandboxFailure, type SandboxWish } from '@runnel/sandbox'

export interface RunJobDeps {
  readonly sandboxes: Sandboxes
  readonly publisher: Publisher
  readonly log: Logger
  /** Says whether sandboxes can be made at all just now; if not, it also stops this worker from taking more jobs. */
  readonly isEngineUp: () => Promise<boolean>
}

/** A sandbox that fails before its program began costs nobody anything: try that often, with these pauses between. */
const PAUSES_MS = [100, 1_000]
/** A job that took this many workers with it is the cause, not the victim. */
const MAX_CRASHES = 3
/** So often a job may begin for its sandbox to be lost under it: beyond that it may be the program that brings it about. */
const MAX_LOSSES = 3
/** One that was begun so often, whatever ended it each time, would only be begun for ever. */
const MAX_ATTEMPTS = 10

/** How a try went: the job is over, or it never began, or this worker is not the one to finish it. */
type Ending = { readonly outcome: Outcome; readonly usage: Usage | null } | { readonly verdict: Verdict }

const isOver = (ending: Ending): ending is Extract<Ending, { outcome: Outcome }> => 'outcome' in ending

/**
 * One delivery of one job, from lease to last event.
 *
 *   lease a sandbox ─▶ run ───────▶ publish as it prints ─▶ outcome ─▶ `finished`
 *                  └─▶ begin its log ──┘
 *
 * The program does not wait for its log to begin, but what it says does: should the log turn out to be finished, or
 * another worker's, the run is dropped unheard. A program without a network has no other effect.
 *
 * Told to stop, it depends on why: `canceled` ends the program and is an outcome; `shutdown` kills it and gives the job
 * back; `lease-lost` kills it and writes nothing, for another worker may have the job by now.
 */
export const createRunJob = (deps: RunJobDeps) => {
  const { sandboxes, publisher, log, isEngineUp } = deps

  const fail = (job: QueuedJob, cause: unknown): Ending => {
    const reference = randomUUID()
    log.error({ jobId: job.id, reference, err: cause }, 'A sandbox failed')
    return { outcome: { type: 'sandbox-failed', reference }, usage: null }
  }

  /** What to make of a sandbox that failed under (or before) its program. */
  const afterFailure = async (delivery: Delivery, error: unknown, retriesLeft: number): Promise<Ending | 'again'> => {
    const { signal, job } = delivery
    if (signal.aborted) return stopped(delivery)
    if (error instanceof LogLostError) return { verdict: error.why === 'taken-over' ? 'done' : 'give-back' }
    if (!(await isEngineUp()) && delivery.attempt < MAX_ATTEMPTS) return { verdict: 'give-back' }
    if (!(error instanceof SandboxFailure)) return fail(job, error)
    if (!error.programStarted && retriesLeft > 0) return 'again'
    if (error.wasLost && delivery.attempt < MAX_LOSSES) {
      log.warn({ jobId: job.id, err: error }, 'A sandbox was lost under its program; the job begins again')
      return { verdict: 'give-back' }
    }
    return fail(job, error)
  }

  const runIn = async (
    sandbox: Sandbox,
    begin: JobLog['begin'],
    jobLog: JobLog,
    delivery: Delivery,
  ): Promise<Ending> => {
    const { job, signal, controls } = delivery
    const cancel = new AbortController()
    // Only a cancel is the program's to hear of. Otherwise its sandbox goes, and what it would still say is not wanted.
    const release = async () => {
      try {
        await sandbox[Symbol.asyncDispose]()
      } catch (error) {
        log.warn({ jobId: job.id, err: error }, 'A sandbox could not be tidied up')
      }
    }
    const onStop = () => (signal.reason === 'canceled' ? cancel.abort() : void release())
    signal.addEventListener('abort', onStop, { once: true })
    if (signal.aborted) onStop()
    const begun = begin()
    begun.then((how) => (how === 'begun' ? undefined : release()), release)
    try {
      for await (const event of sandbox.run({
        program: job.program,
        limits: job.limits,
        signal: cancel.signal,
        controls,
      })) {
        if ((await begun) !== 'begun') return { verdict: 'done' }
        if (event.type === 'output') await jobLog.write(event.stream, event.bytes)
        else return { outcome: event.outcome, usage: event.usage }
      }
      throw new Error('A run ended without saying how')
    } catch (error) {
      // A log that did not begin is why the sandbox went.
      if ((await begun) !== 'begun') return { verdict: 'done' }
      throw error
    } finally {
      signal.removeEventListener('abort', onStop)
    }
  }

  const tryOnce = async (
    delivery: Delivery,
    begin: JobLog['begin'],
    jobLog: JobLog,
    facts: Record<string, unknown>,
  ): Promise<Ending> => {
    await using sandbox = await sandboxes.lease(toWish(delivery.job), delivery.signal)
    Object.assign(facts, { sandbox: sandbox.id, warm: sandbox.warm })
    // Awaited here: the sandbox must outlive the run.
    return await runIn(sandbox, begin, jobLog, delivery)
  }

  const runToEnding = async (
    delivery: Delivery,
    begin: JobLog['begin'],
    jobLog: JobLog,
    facts: Record<string, unknown>,
  ): Promise<Ending> => {
    if (delivery.crashes >= MAX_CRASHES) {
      return fail(delivery.job, new Error(`${delivery.crashes} workers died while they ran this job`))
    }
    for (let tries = 0; ; tries += 1) {
      if (delivery.signal.aborted) return stopped(delivery)
      try {
        return await tryOnce(delivery, begin, jobLog, facts)
      } catch (error) {
        const next = await afterFailure(delivery, error, PAUSES_MS.length - tries)
        if (next !== 'again') return next
        log.warn({ jobId: delivery.job.id, err: error }, 'A sandbox failed before its program began; trying another')
        await delay(PAUSES_MS[tries], undefined, { signal: delivery.signal }).catch(() => {})
      }
    }
  }

  return async (delivery: Delivery): Promise<Verdict> => {
    const { job, attempt } = delivery
    const started = performance.now()
    const jobLog = publisher.open(job.id, attempt)
    const facts: Record<string, unknown> = {
      jobId: job.id,
      tenant: job.tenant,
      language: job.program.language,
      attempt,
    }
    // Once for all tries: the log of this attempt has begun, whichever sandbox then runs it.
    let begun: ReturnType<JobLog['begin']> | undefined
    const begin = () => {
      begun ??= jobLog.begin()
      return begun
    }
    const ending = await runToEnding(delivery, begin, jobLog, facts).catch((error: unknown) => {
      if (delivery.lastTry) return fail(job, error)
      throw error
    })
    if (!isOver(ending)) return ending.verdict
    // One that ends before it begins, canceled or given up: watchers still have to drop what earlier attempts printed.
    if (attempt > 1 && (await begin()) !== 'begun') return 'done'
    const { outcome, usage } = ending
    const written = await jobLog.finish(outcome, usage)
    const queuedMs = Math.round(Date.now() - (performance.now() - started) - Date.parse(job.submittedAt))
    log.info(
      { ...facts, outcome, usage, written, queuedMs, tookMs: Math.round(performance.now() - started) },
      'job finished',
    )
    return 'done'
  }
}

const toWish = ({ program: { language }, limits, isolation, tenant }: QueuedJob): SandboxWish => ({
  language,
  limits,
  sharedBy: isolation === 'tenant' ? tenant : undefined,
})

const stopped = ({ signal }: Delivery): Ending => {
  if (signal.reason === 'canceled') return { outcome: { type: 'canceled' }, usage: null }
  return { verdict: signal.reason === 'shutdown' ? 'give-back' : 'done' }
}
