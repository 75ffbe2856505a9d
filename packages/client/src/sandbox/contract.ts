// What the API sends and takes about sandboxes, as plain types: see ../contract.ts. `test/contract.test.ts` compares them.

import type { Chunk, Encoding, Outcome, Usage } from '../contract.ts'

/** `paused`: frozen, its memory is kept and nothing in it runs. `ended`: gone; `ending` says why. */
export type SandboxStatus = 'queued' | 'running' | 'paused' | 'ended'

/**
 * Why a sandbox ended. `finished`: the program of a job with `serve` has ended. `out-of-memory`: all of it, not one program. `lost`: its worker died or stopped. `sandbox-failed`: it
 * could not be started, or broke; that is Runnel's fault.
 */
export type SandboxEnding = 'deleted' | 'timed-out' | 'idle' | 'finished' | 'out-of-memory' | 'lost' | 'sandbox-failed'

export interface SandboxLimits {
  /** Memory of everything in the sandbox together, files included. */
  memoryBytes: number
  /** Size of its files. They are in memory and count into `memoryBytes`. */
  diskBytes: number
  /** Processes and threads alive at the same time. */
  processes: number
}

/** A file that is there when the sandbox starts. */
export interface SandboxFile {
  /** Absolute, or relative to `workDir`. */
  path: string
  content?: string | undefined
  /** `utf8` if left out. */
  encoding?: Encoding | undefined
  /** An uploaded file, in place of `content`. */
  fileId?: string | undefined
}

/** What a new sandbox is to be. What is left out has the default of the deployment. */
export interface SandboxRequest {
  /** The id or alias of a language. Default `python`. */
  template?: string | undefined
  /** It ends this many milliseconds after it has started. Default 300,000. `setTimeout` sets it anew. */
  timeoutMs?: number | undefined
  /** It ends when nothing was asked of it for this many milliseconds. Default 600,000. */
  idleTimeoutMs?: number | undefined
  limits?: { [name in keyof SandboxLimits]?: number | undefined } | undefined
  /** Variables of every command and terminal in it. */
  env?: Record<string, string> | undefined
  /** Where commands start, and what relative paths are relative to. Default `/home/user`. */
  workDir?: string | undefined
  /** Your own notes, text by text. `Sandbox.list` can filter by them. */
  metadata?: Record<string, string> | undefined
  /** A call into it resumes it while it is paused. Default false: such a call is refused. */
  autoResume?: boolean | undefined
  /** Whether everybody who knows the address of a preview sees it. Default false. */
  public?: boolean | undefined
  /** The Host that programs in it see in place of the preview's own, where they check it: `localhost:{port}`, say. */
  maskHost?: string | undefined
  /** Up to 500 files, 1 MiB of content together. Upload larger ones first, or write them when it runs. */
  files?: SandboxFile[] | undefined
}

/** A sandbox as it is now. */
export interface SandboxInfo {
  id: string
  status: SandboxStatus
  template: string
  /** Opens everything in this sandbox and nothing else. Only for a caller with a key. */
  accessToken?: string | undefined
  createdAt: string
  startedAt?: string | undefined
  /** When `timeoutMs` ends it. */
  endsAt?: string | undefined
  timeoutMs: number
  idleTimeoutMs: number
  autoResume: boolean
  /** Whether everybody who knows the address of a preview sees it. */
  public: boolean
  /** The job that it was made for: its program serves, or it is a site. Absent otherwise. */
  jobId?: string | undefined
  maskHost?: string | undefined
  limits: SandboxLimits
  workDir: string
  metadata: Record<string, string>
  /** While queued: how many jobs and sandboxes are before it. */
  queuePosition?: number | undefined
  /** While queued: how long it will probably wait, in milliseconds. */
  estimatedWaitMs?: number | undefined
  endedAt?: string | undefined
  ending?: SandboxEnding | undefined
  /** The same in a sentence, where the word says too little. */
  endingMessage?: string | undefined
}

/** A sandbox in a list. */
export type ListedSandbox = Omit<SandboxInfo, 'accessToken' | 'queuePosition' | 'estimatedWaitMs'>

/** One page of sandboxes, newest first. */
export interface SandboxPage {
  sandboxes: ListedSandbox[]
  /** The `cursor` of the next page. Absent on the last page. */
  next?: string | undefined
}

/** What is used now; null where it cannot be measured. */
export interface SandboxMetrics {
  at: string
  memoryBytes: number | null
  /** Processor time since it started. */
  cpuMs: number | null
  diskBytes: number | null
  processes: number | null
  limits: SandboxLimits
}

/** What a command is to be. */
export interface CommandRequest {
  /** Without `args`: a line for the shell. With `args`: a program, looked up in PATH. */
  command: string
  args?: string[] | undefined
  /** Where it starts. Default: the sandbox's `workDir`. */
  cwd?: string | undefined
  env?: Record<string, string> | undefined
  /** Text to put on standard input at the start; up to 1 MiB. */
  stdin?: string | undefined
  /** Keep standard input open after `stdin`, for `sendStdin`. Left out: true with `tty`, otherwise false. */
  interactive?: boolean | undefined
  /** For servers, and what runs on for long. Keeps the last MiB that it printed. Default false. */
  background?: boolean | undefined
  /** Run it on a terminal. All output is stdout then. Default false. */
  tty?: boolean | undefined
  cols?: number | undefined
  rows?: number | undefined
  /** Your own name for it. */
  tag?: string | undefined
  /** It is ended after this many milliseconds. Default: 60,000; no limit in the background. */
  timeoutMs?: number | undefined
  /** It is ended when it has printed more. Default 1 MiB. Not with `background`. */
  outputBytes?: number | undefined
}

/** A command as it is now. */
export interface CommandInfo {
  id: string
  sandboxId: string
  command: string
  /** Absent if `command` is a line for the shell. */
  args?: string[] | undefined
  cwd: string
  tag?: string | undefined
  background: boolean
  tty: boolean
  /** Its process id in the sandbox. */
  pid?: number | undefined
  status: 'running' | 'finished'
  startedAt: string
  finishedAt?: string | undefined
  /** Its limit; null: none. */
  timeoutMs: number | null
  outcome?: Outcome | undefined
  usage?: Usage | null | undefined
  /** When finished, of one in the foreground: the first MiB of each stream. */
  output?: { stdout: Chunk; stderr: Chunk; truncated: boolean; dropped?: true | undefined } | undefined
}

/** A file, folder or link in a sandbox. */
export interface FileEntry {
  name: string
  /** Absolute. */
  path: string
  /** `other`: a device, a socket or a FIFO. */
  type: 'file' | 'directory' | 'symlink' | 'other'
  sizeBytes: number
  /** The permission bits as a number: 420 is rw-r--r-- (octal 644). */
  mode: number
  owner: string
  group: string
  modifiedAt: string
  /** Of a symlink: what it says, which need not exist. */
  symlinkTarget?: string | undefined
}

/** Something that happened to a file. `lost`: some events before this one were not kept, because there were too many. */
export interface WatchEvent {
  /** Counts from 1. */
  id: number
  at: string
  type: 'create' | 'write' | 'remove' | 'rename' | 'chmod' | 'lost'
  /** Absolute. */
  path: string
}

/** A port that a program in a sandbox listens on. */
export interface OpenPort {
  port: number
  /** Where its preview is. A private one opens with the URL of `getPreviewUrl`, a key or the access token. */
  url: string
}

/** A program has started, or stopped, to listen on a port. */
export interface PortChange extends OpenPort {
  type: 'port'
  /** Whether a program listens on it now. */
  open: boolean
}

export interface PreviewUrl {
  /** Opens the preview in a browser. */
  url: string
  /** Until when it does, ISO 8601. null: the sandbox is public, and it does as long as the sandbox lives. */
  expiresAt: string | null
}
