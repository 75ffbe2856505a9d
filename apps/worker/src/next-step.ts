import type { Outcome, Usage } from '@runnel/contract/public'
import type { StopReason } from '@runnel/queue/consumer'
import type { Kept } from './files/keep-artifacts.ts'

/** A sandbox that fails before its program started costs the user nothing: two more are tried, after these pauses. */
const RETRY_PAUSES_MS = [100, 1_000]
/** A job that was running on this many workers that died is probably the reason why they died. */
const MAX_CRASHES = 3
/** Attempts that may lose their sandbox under the program. Beyond that the program itself may be the cause. */
const MAX_LOSSES = 3
/** A job that started this often, for any reason, would start again forever. */
const MAX_ATTEMPTS = 10

/** Why a run has no outcome. */
export type FailureKind = 'log-taken-over' | 'log-lost' | 'sandbox-before-program' | 'sandbox-lost' | 'other'

/** How far a delivery has come. */
export type Progress =
  | { readonly type: 'not-run' }
  | { readonly type: 'ended'; readonly outcome: Outcome; readonly usage: Usage | null; readonly kept?: Kept }
  /** The log has its end already, or belongs to a later attempt. Nobody may see what this run printed. */
  | { readonly type: 'log-closed' }
  | {
      readonly type: 'failed'
      readonly kind: FailureKind
      readonly error: unknown
      /** Whether sandboxes can be made at all; undefined before the worker has checked that. */
      readonly isEngineUp?: boolean
    }
  /** Something outside the run failed in the worker itself. */
  | { readonly type: 'fault'; readonly error: unknown }

/** Everything the decision depends on. */
export interface Facts {
  readonly progress: Progress
  /** Why the delivery was aborted; undefined if it was not. */
  readonly stopReason: StopReason | undefined
  /** Workers that died while they ran this job. */
  readonly crashes: number
  /** 1 when the first worker takes the job. */
  readonly attempt: number
  /** Sandboxes that have failed in this delivery. */
  readonly failures: number
  /** The queue does not deliver the job again after a fault. */
  readonly lastTry: boolean
}

export type Step =
  /** Lease a sandbox and run the program in it. */
  | { readonly type: 'run' }
  | { readonly type: 'check-engine' }
  /** Wait, then run the program in another sandbox. */
  | { readonly type: 'retry'; readonly afterMs: number }
  /** The job goes back into the queue, for any worker. */
  | { readonly type: 'requeue' }
  /** Write the outcome. */
  | { readonly type: 'finish'; readonly outcome: Outcome; readonly usage: Usage | null; readonly kept?: Kept }
  /** Write the outcome `sandbox-failed`; the cause goes into the worker's log. */
  | { readonly type: 'fail'; readonly cause: unknown }
  /** Write nothing: the job is finished, or another worker has it. */
  | { readonly type: 'leave' }
  /** The queue logs the fault and delivers the job again later. */
  | { readonly type: 'throw'; readonly error: unknown }

interface Rule {
  readonly because: string
  /** Something failed that the job's owner does not see: the worker's log says so. */
  readonly isWarning?: true
  /** Undefined if the rule does not fit. */
  readonly step: (facts: Facts) => Step | undefined
}

const LEAVE: Step = { type: 'leave' }
const REQUEUE: Step = { type: 'requeue' }

const hasFailed = ({ progress }: Facts, kind: FailureKind): boolean =>
  progress.type === 'failed' && progress.kind === kind

/** What a worker does next with a job. The first rule that fits decides. */
export const RULES: readonly Rule[] = [
  {
    because: 'The program has ended',
    step: ({ progress }) => (progress.type === 'ended' ? { ...progress, type: 'finish' } : undefined),
  },
  {
    because: 'The log is closed for this attempt',
    step: ({ progress }) => (progress.type === 'log-closed' ? LEAVE : undefined),
  },
  {
    because: 'The worker has a fault, and the queue does not deliver the job again',
    step: ({ progress, lastTry }) =>
      progress.type === 'fault' && lastTry ? { type: 'fail', cause: progress.error } : undefined,
  },
  {
    because: 'The worker has a fault',
    step: ({ progress }) => (progress.type === 'fault' ? { type: 'throw', error: progress.error } : undefined),
  },
  {
    because: 'Too many workers died with the job',
    step: ({ crashes }) =>
      crashes >= MAX_CRASHES
        ? { type: 'fail', cause: new Error(`${crashes} workers died while they ran this job`) }
        : undefined,
  },
  {
    because: 'The job was canceled',
    step: ({ stopReason }) =>
      stopReason === 'canceled' ? { type: 'finish', outcome: { type: 'canceled' }, usage: null } : undefined,
  },
  {
    because: 'The worker is stopping',
    step: ({ stopReason }) => (stopReason === 'shutdown' ? REQUEUE : undefined),
  },
  {
    because: 'Another worker may have the job',
    step: ({ stopReason }) => (stopReason === 'lease-lost' ? LEAVE : undefined),
  },
  {
    because: 'The job has not run yet',
    step: ({ progress }) => (progress.type === 'not-run' ? { type: 'run' } : undefined),
  },
  {
    because: 'A later attempt has taken over the log',
    step: (facts) => (hasFailed(facts, 'log-taken-over') ? LEAVE : undefined),
  },
  {
    because: 'Redis has lost the log, or stayed away for too long',
    step: (facts) => (hasFailed(facts, 'log-lost') ? REQUEUE : undefined),
  },
  {
    because: 'Every sandbox may be failing at the moment',
    step: ({ progress }) =>
      progress.type === 'failed' && progress.isEngineUp === undefined ? { type: 'check-engine' } : undefined,
  },
  {
    because: 'No sandbox can be made at the moment',
    step: ({ progress, attempt }) =>
      progress.type === 'failed' && progress.isEngineUp === false && attempt < MAX_ATTEMPTS ? REQUEUE : undefined,
  },
  {
    because: 'The sandbox failed before its program started: trying another',
    isWarning: true,
    step: (facts) => {
      const afterMs = RETRY_PAUSES_MS[facts.failures - 1]
      return hasFailed(facts, 'sandbox-before-program') && afterMs !== undefined
        ? { type: 'retry', afterMs }
        : undefined
    },
  },
  {
    because: 'The sandbox was lost under its program: the job starts again',
    isWarning: true,
    step: (facts) => (hasFailed(facts, 'sandbox-lost') && facts.attempt < MAX_LOSSES ? REQUEUE : undefined),
  },
  {
    because: 'Trying again did not help, or would not',
    step: ({ progress }) => (progress.type === 'failed' ? { type: 'fail', cause: progress.error } : undefined),
  },
]

export interface Decision extends Omit<Rule, 'step'> {
  readonly step: Step
}

export const nextStep = (facts: Facts): Decision => {
  for (const { step, ...reason } of RULES) {
    const decided = step(facts)
    if (decided !== undefined) return { ...reason, step: decided }
  }
  throw new Error('The last rules fit every kind of progress')
}
