import type { Duplex } from 'node:stream'
import type { Outcome, TerminalSize, Usage } from '@runnel/contract/public'
import type { Metrics } from './agent/protocol.ts'

/** What a sandbox that lasts needs. */
export interface HoldRequest {
  /** `sbx-…`, for logs and labels. */
  readonly sandboxId: string
  readonly tenantId: string
  /** An id of the catalogue: its image is the sandbox's. */
  readonly template: string
  readonly limits: HeldLimits
  /** For each command, before its own variables. */
  readonly env: Readonly<Record<string, string>>
}

/** Of the whole sandbox. Files are in memory, so they count into `memoryBytes` too. */
export interface HeldLimits {
  readonly memoryBytes: number
  readonly diskBytes: number
  /** Processes and threads of its commands together. */
  readonly processes: number
}

export interface CommandRequest {
  /** A program and its arguments: no shell looks at them. */
  readonly argv: readonly string[]
  /** Absolute, or relative to the home; the home without it. */
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Its standard input has ended before it starts. Default: false. */
  readonly hasNoInput?: boolean | undefined
  /** The command gets a terminal of this size in place of three pipes. */
  readonly terminal?: TerminalSize | undefined
  /** null: no limit. */
  readonly wallMs: number | null
  /** Of the command's process tree; null: no limit. */
  readonly cpuMs: number | null
  /** stdout and stderr together; null: no limit. */
  readonly outputBytes: number | null
}

/**
 * Work on files, as the program's user: paths reach what its programs reach. They are absolute, or relative to the home.
 *
 *   read     prints the bytes of a file, never more than it had at first. Anything else than a file is refused.
 *   write    takes a file on stdin until its end. Before that it has no name, so `stop` leaves nothing. Makes folders on the way.
 *            `size`: bytes that will come. Where there is no room for them it fails before it takes any.
 *   stat     prints one FileEntry of the contract. `follow`: of what a link leads to.
 *   list     prints a FileEntry a line, of what is in a folder and of `depth - 1` folders below. Follows no links.
 *   mkdir    also makes the folders on the way.
 *   move     replaces a file, not a folder. Makes folders on the way.
 *   remove   a folder with all that is in it.
 *   archive  prints it. Names are relative to the folder, or the file's own.
 *   watch    prints {"type":"ready"}, then {type, path} a line: create, write, remove, rename, chmod, or lost where some are
 *            missing. Exits when what it watches is gone.
 *
 * One that fails prints `{code, message}` on stderr, with a code of the API's errors, and exits with 1.
 */
export type Task =
  | { readonly name: 'read'; readonly path: string; readonly offset?: number; readonly length?: number }
  | { readonly name: 'write'; readonly path: string; readonly mode?: number; readonly size?: number }
  | { readonly name: 'stat'; readonly path: string; readonly follow?: boolean }
  | { readonly name: 'list'; readonly path: string; readonly depth: number }
  | { readonly name: 'remove' | 'mkdir'; readonly path: string }
  | { readonly name: 'move'; readonly from: string; readonly to: string }
  | { readonly name: 'archive'; readonly path: string; readonly format: 'tar' | 'zip' }
  | { readonly name: 'watch'; readonly path: string; readonly recursive: boolean }

/** A command or a task that was started in a sandbox that lasts. */
export interface HeldProcess {
  /** In the sandbox. Rejects with a StartRefusal if it could not be started: too many processes or terminals, say. */
  readonly pid: Promise<number>
  /**
   * To be iterated once. It ends when the process has ended, and throws what `exit` rejects with. A process whose output
   * nobody reads stops after 256 KiB.
   */
  readonly output: AsyncIterable<HeldOutput>
  /** Resolves when all output has been read. Rejects with a StartRefusal, or a SandboxFailure if the sandbox ended. */
  readonly exit: Promise<{ readonly outcome: Outcome; readonly usage: Usage }>
  /** Resolves when the bytes are sent: the process takes them as fast as it reads. Also resolves if it has ended. */
  write(bytes: Uint8Array): Promise<void>
  /** No more input. */
  end(): void
  /** To its process group. */
  signal(name: NodeJS.Signals): void
  /** SIGTERM, and after the grace SIGKILL for all that descends from it. Its outcome is `canceled`. */
  stop(): void
  resize(size: TerminalSize): void
}

export interface HeldOutput {
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Buffer
}

/** The TCP ports that its programs listen on at 127.0.0.1, ::1, 0.0.0.0 or ::, the lowest first. At most the 256 lowest. */
export interface HeldPorts {
  /** Now; a change is noticed within 250 ms. */
  readonly listening: readonly number[]
  /**
   * First what is there already, then each change. Any number of readers, each at its own pace. Ends with the sandbox, or
   * when `signal` aborts. Never throws.
   */
  changes(signal?: AbortSignal): AsyncIterable<PortChange>
}

/** One of them is not empty. */
export interface PortChange {
  readonly opened: readonly number[]
  readonly closed: readonly number[]
}

/** Why a sandbox is over that nobody disposed of. */
export interface HeldEnd {
  readonly ending: 'out-of-memory' | 'sandbox-failed'
  readonly error: Error
}

/** A sandbox that lasts until it is disposed of. Then everything in it is gone at once. */
export interface HeldSandbox extends AsyncDisposable {
  /** The container's, for logs. */
  readonly id: string
  /** Settles when the sandbox ended by itself. Never rejects. */
  readonly ended: Promise<HeldEnd>
  start(command: CommandRequest): HeldProcess
  task(task: Task): HeldProcess
  readonly ports: HeldPorts
  /**
   * A connection to a port: to 127.0.0.1, and if nothing listens there to ::1. Each side may end its half first. A program
   * that does not read stops the writer, and a reader that does not read stops the program. If the program breaks it off, it
   * fails with `code: 'ECONNRESET'`. At most 200 at a time. Rejects with a DialRefusal, with a SandboxFailure if the sandbox
   * ended, or with a RangeError if it is no port. While the sandbox is paused it waits.
   */
  dial(port: number): Promise<Duplex>
  /** Rejects while it is paused. */
  metrics(): Promise<Metrics>
  /** Freezes it: no processor time, memory kept. What is started then waits until `resume`. */
  pause(): Promise<void>
  resume(): Promise<void>
}
