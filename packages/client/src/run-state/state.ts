import type { Artifact, Extracted, Job, LeftOutArtifact, Limits, Outcome, Usage } from '../contract.ts'
import type { RunnelApiError } from '../errors.ts'
import type { ConnectionChange } from '../follow.ts'

/** Why a submission was refused, or why a run can no longer be watched. A RunnelApiError is one. */
export interface Refusal extends Partial<Pick<RunnelApiError, 'code' | 'requestId' | 'retryAfterMs'>> {
  readonly message: string
}

/** What happens to a run besides its events: what this client does, and what happens to its connection. */
export type ClientEvent =
  /** Forget the run. */
  | { readonly type: 'client-reset' }
  | { readonly type: 'client-sending'; readonly atMs: number }
  | { readonly type: 'client-accepted'; readonly job: Job; readonly atMs: number }
  /** `isRetried`: the page tries again by itself after `retryAfterMs`. */
  | { readonly type: 'client-refused'; readonly error: Refusal; readonly atMs: number; readonly isRetried?: boolean }
  /** The place of a queued job, read from `jobs.get`. */
  | {
      readonly type: 'client-place'
      readonly queuePosition?: number | undefined
      readonly estimatedWaitMs?: number | undefined
      readonly atMs: number
    }
  | { readonly type: 'client-connection'; readonly change: ConnectionChange; readonly atMs: number }
  /** Somebody cancels it. `by`: "you", or a name. */
  | { readonly type: 'client-cancel'; readonly by: string }
  /** The program is somebody else's. */
  | { readonly type: 'client-watching'; readonly who: string }
  | { readonly type: 'client-paused'; readonly file: string; readonly line: number; readonly reason: string }
  | { readonly type: 'client-continued' }

/** Everything that is known of one run. Times are this machine's, in milliseconds since 1970. */
export interface RunState {
  readonly phase: 'ready' | 'sending' | 'refused' | 'queued' | 'running' | 'finished'
  readonly jobId: string | undefined
  readonly language: string | undefined
  readonly extracted: Extracted | undefined
  readonly limits: Limits | undefined
  readonly interactive: boolean
  readonly tty: boolean
  /** How many times a worker has taken it. */
  readonly attempt: number
  readonly hasRestarted: boolean
  readonly sentAtMs: number | undefined
  readonly queuedAtMs: number | undefined
  readonly startedAtMs: number | undefined
  readonly finishedAtMs: number | undefined
  readonly lastOutputAtMs: number | undefined
  readonly queuePosition: number | undefined
  readonly estimatedWaitMs: number | undefined
  readonly placeAtMs: number | undefined
  readonly outcome: Outcome | undefined
  readonly usage: Usage | null | undefined
  /** When finished: the files that it made and that are kept. */
  readonly artifacts: readonly Artifact[]
  readonly artifactsLeftOut: readonly LeftOutArtifact[]
  readonly canceledBy: string | undefined
  readonly refusal: Refusal | undefined
  readonly refusedAtMs: number | undefined
  readonly isRetried: boolean
  readonly connection: ConnectionChange | undefined
  readonly lostAtMs: number | undefined
  readonly retryAtMs: number | undefined
  readonly resumedAtMs: number | undefined
  readonly watching: string | undefined
  readonly paused: { readonly file: string; readonly line: number; readonly reason: string } | undefined
  /** The end of what the program wrote to stderr, or to its terminal: where traces are. */
  readonly tail: string
  /** The ports that it listens on, in the order in which they came, and where browsers see them. */
  readonly ports: readonly { readonly port: number; readonly url: string | undefined }[]
  /** It looks as if it served web pages, and nobody can reach it. */
  readonly serves: boolean
  /** It is served, or a site: its limits of time are not those of a program. */
  readonly isServed: boolean
  /** The sandbox that its previews are of. Undefined: it has none. */
  readonly sandboxId: string | undefined
  /** Types of events that this version does not know. */
  readonly unknownTypes: readonly string[]
  /** How far this machine's clock is ahead of the server's. */
  readonly clockAheadMs: number
}

export const initialRunState: RunState = {
  phase: 'ready',
  jobId: undefined,
  language: undefined,
  extracted: undefined,
  limits: undefined,
  interactive: false,
  tty: false,
  attempt: 0,
  hasRestarted: false,
  sentAtMs: undefined,
  queuedAtMs: undefined,
  startedAtMs: undefined,
  finishedAtMs: undefined,
  lastOutputAtMs: undefined,
  queuePosition: undefined,
  estimatedWaitMs: undefined,
  placeAtMs: undefined,
  outcome: undefined,
  usage: undefined,
  artifacts: [],
  artifactsLeftOut: [],
  canceledBy: undefined,
  refusal: undefined,
  refusedAtMs: undefined,
  isRetried: false,
  connection: undefined,
  lostAtMs: undefined,
  retryAtMs: undefined,
  resumedAtMs: undefined,
  watching: undefined,
  paused: undefined,
  tail: '',
  ports: [],
  serves: false,
  isServed: false,
  sandboxId: undefined,
  unknownTypes: [],
  clockAheadMs: 0,
}

const QUIET_LOSS_MS = 1_000

/** Nothing is said in the first second of a lost connection. */
export const isLostForLong = ({ lostAtMs }: RunState, nowMs: number): boolean =>
  lostAtMs !== undefined && nowMs - lostAtMs > QUIET_LOSS_MS
