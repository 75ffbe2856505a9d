import type { Control, QueuedJob } from '@runnel/contract/internal'
import type { Limits, Outcome, Program, Usage } from '@runnel/contract/public'
import { ProtocolError } from './agent/frames.ts'
import type { HeldSandbox, HoldRequest } from './held-sandbox.ts'

export interface RunRequest {
  readonly program: Program
  readonly limits: Limits
  /** An abort sends SIGTERM, and SIGKILL after the grace. The run then ends as `canceled`, whatever the program did last. */
  readonly signal: AbortSignal
  /** Standard input, signals and sizes of the terminal for the running program. Read until the program ends. */
  readonly controls: AsyncIterable<Control>
}

export type RunEvent =
  | {
      readonly type: 'output'
      readonly stream: 'stdout' | 'stderr'
      readonly bytes: Buffer
    }
  | {
      readonly type: 'ended'
      readonly outcome: Outcome
      readonly usage: Usage
    }

/**
 * A place for one program. Disposing it kills a program that still runs. The place itself is then removed, or cleaned for
 * another program of the same tenant, at the latest when its Sandboxes are disposed.
 */
export interface Sandbox extends AsyncDisposable {
  readonly id: string
  /** Whether the interpreter already ran and waited for its program. */
  readonly warm: boolean
  /**
   * Runs one program; the last event is `ended`. Output is taken from the program only as fast as the caller reads it.
   * Throws SandboxFailure if the sandbox itself ended, not the program.
   */
  run(request: RunRequest): AsyncIterable<RunEvent>
}

export interface LeaseRequest {
  /** An id of the catalogue. */
  readonly language: string
  readonly limits: Limits
  /** `job`: namespaces of its own in a cell of its tenant. `container`: a container of its own. */
  readonly isolation: QueuedJob['isolation']
  readonly tenantId: string
}

/** Ready sandboxes that wait for a job, of all languages together. */
export interface PoolState {
  readonly idle: number
  /** How many there are at most, if the demand is high. */
  readonly bound: number
}

/** What a program with isolation `job` gets here, and why it is less than that. */
export interface ServedIsolation {
  readonly served: 'job' | 'container' | 'none'
  readonly reason?: string
}

/** Where sandboxes come from: Docker, or plain processes without isolation (`@runnel/sandbox/local`). */
export interface Sandboxes extends AsyncDisposable {
  /** A sandbox for that request; rejects with SandboxFailure if none can be made. */
  lease(request: LeaseRequest, signal: AbortSignal): Promise<Sandbox>
  /** A sandbox that lasts until it is disposed of; rejects with SandboxFailure if none can be made. */
  hold(request: HoldRequest, signal: AbortSignal): Promise<HeldSandbox>
  /** Resolves if sandboxes can be made at all; rejects with the reason if not. */
  check(): Promise<void>
  readonly pool: PoolState
  readonly isolation: ServedIsolation
}

/** Our fault, not the program's. */
export class SandboxFailure extends Error {
  override name = 'SandboxFailure'
  /** Whether the program may already have started. If not, trying again costs nothing. */
  readonly programStarted: boolean
  /** Whether the program was past its wall limit and the agent was silent. */
  readonly ranOver: boolean

  constructor(message: string, options: ErrorOptions & { programStarted: boolean; ranOver?: boolean }) {
    super(message, options)
    this.programStarted = options.programStarted
    this.ranOver = options.ranOver ?? false
  }

  /**
   * Whether the sandbox was taken away from under its program: the container was removed or killed from outside, the
   * engine restarted, or the connection was cut. Not what the program may have caused: a program past its wall limit, or an
   * agent that breaks the protocol.
   */
  get wasLost(): boolean {
    return this.programStarted && !this.ranOver && !(this.cause instanceof ProtocolError)
  }
}
