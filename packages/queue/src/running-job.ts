import type { Control } from '@runnel/contract/internal'
import type { Redis } from '@runnel/redis'
import { createControlInbox } from './control-inbox.ts'
import type { QueueLog } from './queue-log.ts'

/** Why a running job must stop; the `reason` of its signal. */
export type StopReason = 'canceled' | 'lease-lost' | 'shutdown'

const LEASE_LOST: StopReason = 'lease-lost'
/** A string, because an abort without a reason creates an error with a stack trace. */
const ENDED = 'ended'

/** What the consumer knows about a job while its handler runs. */
export interface RunningJob {
  readonly signal: AbortSignal
  readonly controls: AsyncIterable<Control>
  /** Resolves when the handler has ended. */
  readonly ended: Promise<void>
  /** Reads new messages. */
  look(): void
  /** The first reason wins. */
  stop(reason: StopReason): void
  /** The lock was renewed just now. */
  renew(): void
  /** The lock was not renewed for so long that another worker may take the job. */
  isLeaseOver(): boolean
  /** The job was stopped with `lease-lost`. */
  isLost(): boolean
  /** The handler has ended: `controls` end too, and `signal` stays as it is. */
  end(): void
}

export const createRunningJob = (options: {
  readonly jobId: string
  readonly redis: Redis
  readonly controlKey: string
  readonly stdinKey: string
  readonly hasInput: boolean
  readonly leaseMs: number
  readonly log: QueueLog
}): RunningJob => {
  const { jobId, redis, controlKey, stdinKey, hasInput, leaseMs, log } = options
  const controller = new AbortController()
  const { signal } = controller
  /** Aborts when the job is stopped or has ended: messages are no longer read. */
  const over = new AbortController()
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  let leaseUntil = performance.now() + leaseMs

  const stop = (reason: StopReason): void => {
    if (signal.aborted) return
    controller.abort(reason)
    over.abort(reason)
  }
  const inbox = createControlInbox({
    redis,
    controlKey,
    stdinKey,
    hasInput,
    signal: over.signal,
    onCancel: () => stop('canceled'),
    onUnreadable: (messageId) => log.warn({ jobId, messageId }, 'Skipped a message to a job: it cannot be read'),
  })
  return {
    signal,
    controls: inbox.controls,
    ended,
    look: () => void inbox.look().catch(log.report),
    stop,
    renew() {
      leaseUntil = performance.now() + leaseMs
    },
    isLeaseOver: () => performance.now() > leaseUntil,
    isLost: () => signal.reason === LEASE_LOST,
    end() {
      over.abort(ENDED)
      end()
    },
  }
}
