import type { Control, QueuedJob } from '@runnel/contract/internal'
import type { Limits, Outcome, Program, Usage } from '@runnel/contract/public'
import { ProtocolError } from './agent/frames.ts'

export interface RunRequest {
  readonly program: Program
  readonly limits: Limits
  /** Aborting sends SIGTERM, after the grace SIGKILL; the run then ends as `canceled`, whatever the program did last. */
  readonly signal: AbortSignal
  /** Standard input and signals for the running program. Read until the program ends. */
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
 * A place for one program. Disposing of it kills a program that has not ended; what is left of the place is removed, or made
 * ready for another program of the same tenant, later, and is gone when its Sandboxes are.
 */
export interface Sandbox extends AsyncDisposable {
  readonly id: string
  /** The interpreter is already running and only waits for its program. */
  readonly warm: boolean
  /**
   * Runs one program; the last event is `ended`. Output is taken from the program only as fast as it is read here.
   * Throws SandboxFailure where the sandbox itself, not the program, came to an end.
   */
  run(request: RunRequest): AsyncIterable<RunEvent>
}

export interface LeaseRequest {
  /** An id of the catalogue. */
  readonly language: string
  readonly limits: Limits
  /** `job`: a sandbox that serves this job alone. `tenant`: one that may have served other jobs of the same tenant. */
  readonly isolation: QueuedJob['isolation']
  readonly tenantId: string
}

/** Where sandboxes come from: Docker, or plain processes without isolation (`@runnel/sandbox/local`). */
export interface Sandboxes extends AsyncDisposable {
  /** A sandbox with that language and those limits; rejects with SandboxFailure where none can be made. */
  lease(request: LeaseRequest, signal: AbortSignal): Promise<Sandbox>
  /** Resolves when sandboxes can be made at all; rejects with the reason. */
  check(): Promise<void>
}

/** Our fault, not the program's. */
export class SandboxFailure extends Error {
  override name = 'SandboxFailure'
  /** Whether the program may already have begun: if not, trying again is free. */
  readonly programStarted: boolean
  /** Whether the program was past its time, and the agent still silent. */
  readonly ranOver: boolean

  constructor(message: string, options: ErrorOptions & { programStarted: boolean; ranOver?: boolean }) {
    super(message, options)
    this.programStarted = options.programStarted
    this.ranOver = options.ranOver ?? false
  }

  /**
   * Whether it was taken away from under its program: the container was removed or killed from outside, the engine
   * restarted, the connection was cut. What may be the program's own doing is none: a program past its time, or an agent
   * that says what none of ours would.
   */
  get wasLost(): boolean {
    return this.programStarted && !this.ranOver && !(this.cause instanceof ProtocolError)
  }
}
