// What the API sends and takes, as plain types. They are written here, and not imported from `@runnel/contract`, so that
// the published package needs no other package and no zod. `test/contract.test-d.ts` fails when they differ from the contract.

import type { SandboxEnding } from './sandbox/contract.ts'

/** Why the API refused. A newer server may send codes that are not here. */
export type ErrorCode =
  | 'invalid-request'
  | 'unknown-language'
  | 'unauthorized'
  | 'preview-private'
  | 'forbidden'
  | 'not-found'
  | 'job-not-found'
  | 'method-not-allowed'
  | 'job-finished'
  | 'events-lost'
  | 'stdin-closed'
  | 'no-terminal'
  | 'payload-too-large'
  | 'stdin-full'
  | 'unsupported-media-type'
  | 'idempotency-key-reused'
  | 'too-many-requests'
  | 'queue-full'
  | 'too-many-subscriptions'
  | 'internal'
  | 'redis-unavailable'
  | 'storage-full'
  | 'shutting-down'
  | 'worker-not-found'
  | 'worker-dead'
  | 'path-refused'
  | 'sandbox-not-found'
  | 'command-not-found'
  | 'watcher-not-found'
  | 'file-not-found'
  | 'sandbox-queued'
  | 'sandbox-paused'
  | 'sandbox-running'
  | 'command-finished'
  | 'file-exists'
  | 'not-a-file'
  | 'not-a-directory'
  | 'sandbox-ended'
  | 'range-not-satisfiable'
  | 'too-many-sandboxes'
  | 'gateway-unreachable'
  | 'too-many-connections'
  | 'nothing-listens'
  | 'bad-preview-answer'
  | 'disk-full'
  | 'file-quota'
  | 'file-store-unavailable'

/** One field that was wrong, and why. */
export interface ErrorDetail {
  path: string
  message: string
}

/** The limits of a job. Whole numbers, in the unit at the end of the name. */
export interface Limits {
  /** Time from the start of the program, in milliseconds. */
  wallMs: number
  /** Processor time of all its processes together, in milliseconds. */
  cpuMs: number
  /** Memory of the whole sandbox, files included. */
  memoryBytes: number
  /** stdout and stderr together. */
  outputBytes: number
  /** Processes and threads alive at the same time. */
  processes: number
  /** Size of the workspace. */
  diskBytes: number
}

/** A limit that did not end the program: it was refused a process, memory or a block, and went on. */
export interface LimitHit {
  limit: 'memoryBytes' | 'processes' | 'diskBytes'
  value: number
}

/**
 * How a job, or a command of a sandbox, ended. `sandbox-failed` is Runnel's fault. `sandbox-ended` is that of a command, or of a
 * job that serves: its sandbox ended before it. All others are the program's or the caller's doing.
 */
export type Outcome =
  | { type: 'exited'; exitCode: number; limitsHit?: LimitHit[] | undefined }
  | { type: 'signaled'; signal: string; limitsHit?: LimitHit[] | undefined }
  | { type: 'timed-out'; limit: 'wall' | 'cpu'; limitMs: number; limitsHit?: LimitHit[] | undefined }
  | { type: 'out-of-memory'; limitBytes: number }
  | { type: 'output-limit'; limitBytes: number }
  | { type: 'canceled' }
  | { type: 'sandbox-ended'; ending: SandboxEnding }
  | { type: 'sandbox-failed'; reference: string; message?: string | undefined }

/** What a program used. */
export interface Usage {
  wallMs: number
  /** null if it could not be read. */
  cpuMs: number | null
  /** null if nothing measures it. */
  peakMemoryBytes: number | null
}

export type Encoding = 'utf8' | 'base64'

/** Bytes as JSON carries them: text if they are valid UTF-8, otherwise base64. */
export interface Chunk {
  encoding: Encoding
  data: string
}

/** If `code` was a chat answer: its block, lines `firstLine` to `lastLine`, was run. Counted from 1. */
export interface Extracted {
  firstLine: number
  lastLine: number
}

interface EventBase {
  jobId: string
  /** `<attempt>-<n>`. n counts from 1 without gaps within an attempt. The token to resume from. */
  id: string
  /** ISO 8601. */
  at: string
}

/** A file that a job has made, and that is kept as a file of the tenant. */
export interface Artifact {
  /** Relative to the workspace. */
  path: string
  fileId: string
  sizeBytes: number
  sha256: string
}

/** A file that matched a pattern of `artifacts` and is not kept. */
export interface LeftOutArtifact {
  /** Relative to the workspace. `.`: there were more files than were looked at. */
  path: string
  reason: 'too-many' | 'too-large' | 'file-quota' | 'disk-full' | 'not-read' | 'too-late'
}

/** One numbered thing that happened to a job. `finished` is always the last. */
export type JobEvent =
  | (EventBase & {
      type: 'queued'
      language: string
      extracted?: Extracted | undefined
      limits: Limits
      interactive: boolean
      /** Whether the program runs on a terminal. Absent if not. */
      tty?: boolean | undefined
      /** The sandbox in which it is a command, or that it has for itself. Absent for other jobs. */
      sandboxId?: string | undefined
      /** It was submitted with `serve`. Absent if not. */
      serve?: true | undefined
      /** It looks as if it serves, and was submitted without `serve`: nobody can reach it. Absent if not. */
      serves?: true | undefined
    })
  | (EventBase & {
      type: 'started'
      /** The first size of the terminal. Absent without one. */
      cols?: number | undefined
      rows?: number | undefined
    })
  | (EventBase & Chunk & { type: 'stdout' })
  | (EventBase & Chunk & { type: 'stderr' })
  /** Output from `first` up to this event was left out, because Redis was full. More of this attempt does not come. */
  | (EventBase & { type: 'dropped'; first: string })
  /** A program that serves has started, or stopped, to listen on a port. Of a site: port 80. `url` is where browsers see it. */
  | (EventBase & { type: 'port'; sandboxId: string; port: number; open: boolean; url?: string | undefined })
  /** The job starts again: drop the output so far. */
  | (EventBase & { type: 'restarted' })
  | (EventBase & {
      type: 'finished'
      outcome: Outcome
      /** null if the program never started. */
      usage: Usage | null
      artifacts?: Artifact[] | undefined
      artifactsLeftOut?: LeftOutArtifact[] | undefined
    })

export type JobStatus = 'queued' | 'running' | 'finished'

/** What the API answers about a job. */
export interface Job {
  id: string
  status: JobStatus
  language: string
  extracted?: Extracted | undefined
  submittedAt: string
  limits: Limits
  /** The sandbox in which it is a command, or that it has for itself. Absent for other jobs. */
  sandboxId?: string | undefined
  /** It was submitted with `serve`. Absent if not. */
  serve?: true | undefined
  /** It looks as if it serves, and was submitted without `serve`: nobody can reach it. Absent if not. */
  serves?: true | undefined
  /** While queued: how many jobs are before this one. */
  queuePosition?: number | undefined
  /** While queued: how long it will probably wait. */
  estimatedWaitMs?: number | undefined
  startedAt?: string | undefined
  /** How many times a worker has taken it. */
  attempt: number
  finishedAt?: string | undefined
  /** When finished. */
  outcome?: Outcome | undefined
  /** When finished; null if the program never started. */
  usage?: Usage | null | undefined
  /** When finished, with `artifacts` submitted: the files that are kept. */
  artifacts?: Artifact[] | undefined
  /** Files that matched and are not kept. */
  artifactsLeftOut?: LeftOutArtifact[] | undefined
  /** When finished: the first MiB of each stream. */
  output?: { stdout: Chunk; stderr: Chunk; truncated: boolean; dropped?: true | undefined } | undefined
}

/** How a job ended, in one word: what lists filter by. `succeeded` is exit code 0, `failed` any other. */
export type OutcomeClass =
  | 'succeeded'
  | 'failed'
  | 'signaled'
  | 'timed-out'
  | 'out-of-memory'
  | 'output-limit'
  | 'canceled'
  | 'sandbox-ended'
  | 'sandbox-failed'

/** A job in a list: without its output. */
export interface ListedJob
  extends Omit<Job, 'output' | 'queuePosition' | 'estimatedWaitMs' | 'artifacts' | 'artifactsLeftOut'> {
  /** The first line with content of the program, up to 200 characters. */
  firstLine?: string | undefined
  /** The key that submitted it. Absent if there were no keys. */
  key?: { id: string; name: string } | undefined
}

/** One page of jobs, newest first. */
export interface JobPage {
  jobs: ListedJob[]
  /** The `cursor` of the next page. Absent on the last page. */
  next?: string | undefined
  /** With some filters: the oldest job that was looked at was submitted at this time. With `next` the search goes on. */
  lookedBackTo?: string | undefined
}

/** A file of a program. */
export interface ProgramFile {
  /** Relative to the workspace, with "/" between segments. */
  path: string
  content: string
  /** `utf8` if left out. */
  encoding?: Encoding | undefined
}

/** A file of a submission: its content, or an uploaded file. */
export interface SubmittedFile extends Omit<ProgramFile, 'content'> {
  content?: string | undefined
  /** In place of `content`. Not for the file that is run. */
  fileId?: string | undefined
}

/** Namespaces, files and processes of its own in a container of its tenant (`job`, the default), or a container of its own. */
export type Isolation = 'job' | 'container'

/** A program and how to run it. Either `code` or `files`. */
export interface Submission {
  /** An id or alias from `languages()`. `auto`, or left out: detected. */
  language?: string | undefined
  /** The whole program, or a chat answer with one fenced block. */
  code?: string | undefined
  /** Up to 500 files, 1 MiB together. */
  files?: SubmittedFile[] | undefined
  /** The file to run. Needed with more than one file, unless one has the language's own name, such as `main.py`. */
  entry?: string | undefined
  args?: string[] | undefined
  env?: Record<string, string> | undefined
  /** Text to put on standard input at the start; up to 1 MiB. */
  stdin?: string | undefined
  /** Keep standard input open after `stdin`, for `sendInput`. Left out: true with `tty`, otherwise false. */
  interactive?: boolean | undefined
  /** Run the program on a terminal. All output is then stdout. Default false. */
  tty?: boolean | undefined
  /** Columns of the terminal, 1 to 500. Default 80. Only with `tty`. */
  cols?: number | undefined
  /** Rows of the terminal, 1 to 500. Default 24. Only with `tty`. */
  rows?: number | undefined
  isolation?: Isolation | undefined
  /** Files to keep when the program has ended: patterns relative to its workspace, such as `*.png` or `out/**`. */
  artifacts?: string[] | undefined
  /** For a program that serves web pages: it runs in a sandbox of its own, and its ports are events. Default false. */
  serve?: boolean | undefined
  /** It ends this many milliseconds after it has started. Only with `serve`. Default: an hour. */
  timeoutMs?: number | undefined
  /** It ends when nothing was asked of it for this many milliseconds. Only with `serve`. Default: 5 minutes. */
  idleTimeoutMs?: number | undefined
  /** Whether everybody who knows the address of a preview sees it. Default false. */
  public?: boolean | undefined
  /** Of HTML: whether what its pages write to the console is output of the job. Default true. */
  console?: boolean | undefined
  /** Cancel the job when the connection that submitted it closes before it has finished. Default false. */
  cancelOnDisconnect?: boolean | undefined
  /** What is left out has the default of the deployment. */
  limits?: { [name in keyof Limits]?: number | undefined } | undefined
}

export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT' | 'SIGUSR1' | 'SIGUSR2' | 'SIGKILL'

/** A language of the deployment. */
export interface Language {
  id: string
  name: string
  /** Other names that `language` accepts. */
  aliases: string[]
  /** What runs it. */
  version: string
  /** File name endings of this language. */
  extensions: string[]
  /** The name that `code` gets, and the entry of files that name none. */
  fileName: string
}

/** What a job runs, with every choice made. Of `env` only the names: values are often secrets. */
export interface JobProgram {
  jobId: string
  language: string
  /** If it was submitted as `code`. Of a chat answer: the block that is run. */
  code?: string | undefined
  extracted?: Extracted | undefined
  /** If it was submitted as `files`. */
  files?: { path: string; content: string; encoding: Encoding }[] | undefined
  /** The uploaded files among its files. */
  storedFiles?: { path: string; fileId: string; sizeBytes: number }[] | undefined
  /** The patterns of the files that it keeps. */
  artifacts?: string[] | undefined
  entry: string
  args: string[]
  envNames: string[]
  stdin: string
  interactive: boolean
  tty: boolean
  cols?: number | undefined
  rows?: number | undefined
  /** It was submitted with `serve`. Absent if not. */
  serve?: true | undefined
  /** Everybody may see its previews. Absent if not. */
  public?: true | undefined
  isolation: Isolation
  limits: Limits
}
