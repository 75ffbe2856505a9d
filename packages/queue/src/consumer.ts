import { setTimeout as delay } from 'node:timers/promises'
import {
  type Control,
  type QueuedJob,
  type QueuedSandbox,
  queuedJobSchema,
  queuedSandboxSchema,
} from '@runnel/contract/internal'
import { createRedisKeys, QUEUE_NAME, type Redis } from '@runnel/redis'
import { type Job, UnrecoverableError, Worker } from 'bullmq'
import { countCrashes, isLastTry } from './bullmq-internals/job-record.ts'
import { isLeft, leaveJob, requeueJob } from './bullmq-internals/requeue-job.ts'
import { toStalledSettings } from './bullmq-internals/stalled-check.ts'
import { createFairQueue } from './fair-queue.ts'
import { createQueueLog, type Log } from './queue-log.ts'
import { createRunningJob, type RunningJob, type StopReason } from './running-job.ts'

export type { StopReason }

interface Taken {
  /** 1 for the first time a worker takes the job, higher for every later time, whatever the reason. */
  readonly attempt: number
  /** If the handler throws now, the job is not tried again: the handler must give it an outcome. */
  readonly lastTry: boolean
  /** How many workers died, or lost touch with Redis, while they ran this job. */
  readonly crashes: number
  /** Its reason is a StopReason. */
  readonly signal: AbortSignal
}

export interface Delivery extends Taken {
  readonly job: QueuedJob
  /**
   * stdin, stdin-end and signal, from the first message of the job. Signals overtake input that waits. Ends when `signal`
   * aborts. Only one reader may iterate it.
   */
  readonly controls: AsyncIterable<Control>
}

/** A sandbox that has to begin. When it runs, the delivery is over: its lease says who holds it. */
export interface SandboxDelivery extends Taken {
  readonly sandbox: QueuedSandbox
}

/** The queue has something under this id that is not a valid job, perhaps written by another version. */
export interface UnreadableJob {
  readonly jobId: string
  readonly attempt: number
  readonly error: Error
}

/** `done`: the job's outcome is in its log, or the sandbox runs or has ended. `requeue`: it is the next one that a worker takes. */
export type Verdict = 'done' | 'requeue'

export interface Consumer {
  /** Takes no new job until `resume`. Running jobs continue. */
  pause(): Promise<void>
  resume(): void
  /**
   * Takes no new job. Running jobs get `shutdownGraceMs`, then their signals abort with `shutdown`. Resolves when all have
   * ended, or did not stop in time.
   */
  stop(shutdownGraceMs: number): Promise<void>
}

/**
 * How long a worker owns a job without renewing its lock. It renews after a quarter to a half of this time, so no job is lost
 * while Redis is away for up to 10 s (a restart takes one or two). If a worker dies, its locks expire after 10 to 20 s and
 * the next check puts the jobs back, up to 5 s later: 25 s at most. BullMQ's defaults take a minute.
 */
const LOCK_MS = 20_000
/** A worker stops a job a little before Redis lets another worker start it. */
const LEASE_SHARE = 0.9
/** A hint brings a cancel or input to a running job within a millisecond. If the hint was lost, this sweep does. */
const SWEEP_MS = 1_000
/**
 * A job that has just started may have missed hints, so it looks for messages after this time. Most jobs have ended by then
 * and save the call. A job that is interactive, has a terminal or was started before looks at once.
 */
const FIRST_LOOK_MS = 50
/** How long a job may take to stop after the shutdown grace. After that the worker exits and the job's lock expires. */
const STOP_DEADLINE_MS = 10_000
const NO_PROGRAM = { interactive: false, terminal: undefined } as const

/** How long a worker that stops waits for Redis to know that it has no more places. */
const LEAVE_TIMEOUT_MS = 1_000

/**
 * Takes jobs and hands each to `handle`. The life of a delivery:
 *
 *   taken ──▶ handle runs ──▶ done ───────▶ BullMQ keeps its record for `retentionMs`
 *                        ├──▶ requeue ────▶ first in the queue again
 *                        └──▶ throws ─────▶ our own fault: logged, tried again after a pause, a few times
 *
 * The signal aborts at most once; the first reason wins:
 *
 *   canceled    a cancel message came
 *   lease-lost  the lock was not renewed. Another worker may have the job already: stop everything, write nothing
 *   shutdown    `stop` was called and the grace is over
 *
 * A job whose lease was lost is left as it is in BullMQ, no matter what its handler returns. Its lock may in fact still hold;
 * then ending it here would succeed, although its log is not finished.
 * If a worker dies, its locks expire, and the check of any other worker puts its jobs back in the queue.
 *
 * `redis` is a blocking connection; the caller closes it. Two more are made from it: BullMQ's, which waits for jobs, and
 * one for the hints to all running jobs.
 */
export const createConsumer = (
  options: {
    readonly redis: Redis
    readonly prefix: string
    readonly concurrency: number
    readonly retentionMs: number
    readonly lockMs?: number
    /** Called for a job that cannot be read. The job fails after that; it is tried again if this throws. */
    readonly onUnreadable?: (unreadable: UnreadableJob) => Promise<void>
    readonly log: Log
  },
  handle: (delivery: Delivery) => Promise<Verdict>,
  /** Without it, a sandbox in the queue cannot be read. */
  handleSandbox?: (delivery: SandboxDelivery) => Promise<Verdict>,
): Consumer => {
  const { redis, prefix, concurrency, retentionMs, lockMs = LOCK_MS } = options
  const log = createQueueLog(redis, options.log)
  const keys = createRedisKeys(prefix)
  const fairQueue = createFairQueue({ redis, keys, lockMs })
  const running = new Map<string, RunningJob>()
  let isTaking = true

  const readEntry = (data: unknown) => {
    if (handleSandbox !== undefined && isSandbox(data)) {
      const sandbox = queuedSandboxSchema.safeParse(data)
      if (!sandbox.success) return { type: 'unreadable', why: sandbox.error.message } as const
      return { type: 'sandbox', sandbox: sandbox.data, begin: handleSandbox } as const
    }
    const job = queuedJobSchema.safeParse(data)
    return job.success
      ? ({ type: 'job', job: job.data } as const)
      : ({ type: 'unreadable', why: job.error.message } as const)
  }

  const deliver = async (job: Job, jobId: string, token: string): Promise<void> => {
    // This process may have lost the job and taken it again. BullMQ tracks one lock for each job id: let the first run end.
    const earlier = running.get(jobId)
    await earlier?.ended
    if (earlier !== undefined || !isTaking) return requeueJob(job, token)
    const read = readEntry(job.data)
    if (read.type === 'unreadable') {
      const error = new UnrecoverableError(`Cannot read the queued job: ${read.why}`)
      await options.onUnreadable?.({ jobId, attempt: job.attemptsStarted, error })
      throw error
    }

    const { interactive, terminal } = read.type === 'job' ? read.job.program : NO_PROGRAM
    const looksAtOnce = interactive || terminal !== undefined || job.attemptsStarted > 1
    const current = createRunningJob({
      jobId,
      redis,
      controlKey: keys.control(jobId),
      stdinKey: keys.stdin(jobId),
      hasInput: interactive,
      leaseMs: lockMs * LEASE_SHARE,
      log,
    })
    running.set(jobId, current)
    const firstLook = setTimeout(current.look, looksAtOnce ? 0 : FIRST_LOOK_MS)
    try {
      const taken = {
        attempt: job.attemptsStarted,
        lastTry: isLastTry(job),
        crashes: countCrashes(job),
        signal: current.signal,
      }
      const verdict =
        read.type === 'job'
          ? await handle({ ...taken, job: read.job, controls: current.controls })
          : await read.begin({ ...taken, sandbox: read.sandbox })
      log.settle()
      if (verdict === 'requeue') await requeueJob(job, token)
    } catch (error) {
      if (current.isLost()) leaveJob()
      throw error
    } finally {
      clearTimeout(firstLook)
      running.delete(jobId)
      current.end()
    }
    if (current.isLost()) leaveJob()
  }

  const worker = new Worker(
    QUEUE_NAME,
    async (job, token) => {
      const { id, attemptsStarted: attempt } = job
      if (id === undefined || token === undefined) throw new UnrecoverableError('A job without an id or a lock')
      // After the program has started: a few jobs are ready anyway, so this can wait.
      setImmediate(() => void fairQueue.fill().catch(log.report))
      // Not awaited: BullMQ ends the job next, on the same connection, and then finds the next one ready.
      const end = () => void fairQueue.end(id, token).catch(log.report)
      try {
        await deliver(job, id, token)
        end()
      } catch (error) {
        if (isLeft(error)) throw error
        log.error({ jobId: id, attempt, err: error }, 'A job could not be handled')
        if (error instanceof UnrecoverableError || isLastTry(job)) end()
        throw error
      }
    },
    {
      connection: redis,
      prefix,
      concurrency,
      ...toStalledSettings(lockMs),
      removeOnComplete: { age: Math.ceil(retentionMs / 1000) },
      removeOnFail: { age: Math.ceil(retentionMs / 1000) },
    },
  )
  worker.on('error', log.report)

  const loseLease = (jobId: string): void => {
    const job = running.get(jobId)
    if (job === undefined || job.signal.aborted) return
    log.warn({ jobId }, 'Lost a job: its lock was not renewed in time')
    job.stop('lease-lost')
  }
  worker.on('lockRenewalFailed', (jobIds) => jobIds.forEach(loseLease))
  worker.on('locksRenewed', ({ jobIds }) => {
    for (const jobId of jobIds) running.get(jobId)?.renew()
  })

  const hints = redis.duplicate()
  hints.on('error', log.report)
  hints.on('message', (_channel: string, jobId: string) => running.get(jobId)?.look())
  hints.subscribe(keys.controlChannel).catch(log.report)

  /** A worker that takes no jobs has the places of those that it still runs. */
  const sweepQueue = async (): Promise<void> => {
    if (redis.status !== 'ready') return
    await fairQueue.sweep(isTaking ? concurrency : running.size).catch(log.report)
  }
  redis.on('ready', sweepQueue)
  void sweepQueue()

  const sweep = setInterval(() => {
    for (const [jobId, job] of running) {
      if (job.isLeaseOver()) loseLease(jobId)
      else job.look()
    }
    void sweepQueue()
  }, SWEEP_MS)

  return {
    async pause() {
      isTaking = false
      void sweepQueue()
      await worker.pause(true)
    },

    resume() {
      isTaking = true
      void sweepQueue()
      worker.resume().catch(log.report)
    },

    async stop(shutdownGraceMs) {
      isTaking = false
      void sweepQueue()
      const closed = worker.close().then(() => true)
      if (!(await within(shutdownGraceMs, closed))) {
        for (const job of running.values()) job.stop('shutdown')
        if (!(await within(STOP_DEADLINE_MS, closed))) {
          log.error(
            { jobIds: [...running.keys()] },
            'Jobs did not stop in time: when their locks expire, a worker runs them again',
          )
        }
      }
      clearInterval(sweep)
      redis.off('ready', sweepQueue)
      await within(
        LEAVE_TIMEOUT_MS,
        sweepQueue().then(() => true),
      )
      hints.disconnect()
    },
  }
}

const isSandbox = (data: unknown): boolean =>
  typeof data === 'object' && data !== null && 'kind' in data && data.kind === 'sandbox'

/** Whether `event` came within `ms`. */
const within = async (ms: number, event: Promise<boolean>): Promise<boolean> => {
  const timer = new AbortController()
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false)
  try {
    return await Promise.race([event, late])
  } finally {
    timer.abort()
  }
}
