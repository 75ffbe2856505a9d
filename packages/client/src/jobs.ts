import type {
  Encoding,
  Job,
  JobEvent,
  JobPage,
  JobProgram,
  JobStatus,
  OutcomeClass,
  SignalName,
  Submission,
} from './contract.ts'
import { type FollowOptions, follow } from './follow.ts'
import type { Link } from './link.ts'
import { submit } from './submit.ts'
import { requireAllJobs } from './tickets.ts'
import { tryAgain } from './try-again.ts'
import { createWriter } from './write-to-job.ts'

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface SubmitOptions extends CallOptions {
  /**
   * Submitting again with the same key gives the first job. Left out: a random one, so that a submission whose answer was
   * lost is sent again, up to three times, and runs once.
   */
  readonly idempotencyKey?: string | undefined
}

/** Which jobs `list` gives: those that pass every filter. Several values of one filter: any of them. */
export interface ListOptions extends CallOptions {
  /** Jobs in a page, 1 to 100. Default 20. */
  readonly limit?: number | undefined
  /** The `next` of the page before, with the same filters. */
  readonly cursor?: string | undefined
  /** `exited` is `succeeded` and `failed`. */
  readonly outcome?: OutcomeClass | 'exited' | readonly (OutcomeClass | 'exited')[] | undefined
  /** Ids or aliases. */
  readonly language?: string | readonly string[] | undefined
  readonly status?: JobStatus | readonly JobStatus[] | undefined
  /** Text in the first line of the program, in upper or lower case; up to 200 characters. */
  readonly q?: string | undefined
  /** ISO 8601: jobs from this time on. */
  readonly from?: string | undefined
  /** ISO 8601: jobs before this time. */
  readonly to?: string | undefined
  /** Which time of a job `from` and `to` mean. Default `submitted`. */
  readonly by?: 'submitted' | 'started' | 'finished' | undefined
}

/** Input for a program: text, or bytes. */
export interface Input {
  readonly data?: string | Uint8Array | undefined
  /** No more input follows. Default false. */
  readonly end?: boolean | undefined
}

/**
 * What can be done with jobs. Each call throws a RunnelApiError if the API refused, a RunnelConnectionError if it was not
 * reached, and a TypeError for a wrong argument.
 */
export interface Jobs {
  /** Queues a program. The job ends in exactly one outcome, also if this process dies. */
  submit(submission: Submission, options?: SubmitOptions): Promise<Job>
  /** The job as it is now; when it has finished, with the first MiB of each stream. Not with tickets. */
  get(jobId: string, options?: CallOptions): Promise<Job>
  /** What the job runs, as long as it is kept. Not with tickets. */
  program(jobId: string, options?: CallOptions): Promise<JobProgram>
  /** One page, newest first. Not with tickets. */
  list(options?: ListOptions): Promise<JobPage>
  /** A queued job finishes at once, a running one as soon as its worker has ended it. A finished one does not change. */
  cancel(jobId: string, options?: CallOptions): Promise<void>
  /**
   * The job's events, each once and in order, until `finished`. A lost connection is opened again, and nothing is missed.
   * Slow consumers are waited for: at most about 1 MB is kept in memory. Events of a type that this version does not know
   * are given too. Throws a RunnelFollowError if the connection cannot be had again.
   */
  follow(jobId: string, options?: FollowOptions): AsyncIterableIterator<JobEvent, void>
  /**
   * Writes to standard input, in the order of the calls; up to 1 MiB at once. The job must be `interactive` or have a `tty`.
   * It is never sent twice: after a RunnelConnectionError it may have arrived or not.
   */
  sendInput(jobId: string, input: string | Uint8Array | Input, options?: CallOptions): Promise<void>
  /** Sends the program a signal. */
  signal(jobId: string, signal: SignalName, options?: CallOptions): Promise<void>
  /** Changes the size of the job's terminal: 1 to 500 characters each. */
  resize(jobId: string, size: { readonly cols: number; readonly rows: number }, options?: CallOptions): Promise<void>
}

const JOB_ID = /^[\w-]{1,128}$/

const pathOf = (jobId: string, rest = ''): string => {
  if (!JOB_ID.test(jobId)) throw new TypeError(`Cannot use ${JSON.stringify(jobId)} as the id of a job`)
  return `/v1/jobs/${jobId}${rest}`
}

export const createJobs = (link: Link): Jobs => {
  const { http } = link
  const write = createWriter(link, pathOf)
  return {
    submit: (submission, options = {}) => submit(link, submission, options),
    async get(jobId, { signal } = {}) {
      requireAllJobs(link, 'read a job')
      return http.request('GET', pathOf(jobId), { signal })
    },
    async program(jobId, { signal } = {}) {
      requireAllJobs(link, 'read the program of a job')
      return http.request('GET', pathOf(jobId, '/program'), { signal })
    },
    async list({ signal, ...query } = {}) {
      requireAllJobs(link, 'list jobs')
      return http.request('GET', '/v1/jobs', { query, signal })
    },
    cancel: (jobId, options = {}) =>
      tryAgain(link, options.signal, () => write(jobId, { type: 'cancel', jobId }, options)),
    follow(jobId, options) {
      return follow(link, { id: jobId, path: pathOf(jobId, '/events') }, options)
    },
    sendInput(jobId, input, options = {}) {
      const { data, end } =
        typeof input === 'string' || input instanceof Uint8Array ? { data: input, end: undefined } : input
      const encoding: Encoding = data instanceof Uint8Array ? 'base64' : 'utf8'
      const text = data instanceof Uint8Array ? toBase64(data) : data
      return write(
        jobId,
        {
          type: 'stdin',
          jobId,
          ...(text === undefined ? {} : { data: text, encoding }),
          ...(end === undefined ? {} : { end }),
        },
        options,
      )
    },
    signal: (jobId, signal, options = {}) => write(jobId, { type: 'signal', jobId, signal }, options),
    resize: (jobId, { cols, rows }, options = {}) => write(jobId, { type: 'resize', jobId, cols, rows }, options),
  }
}

const PIECE_BYTES = 0x8000

const toBase64 = (bytes: Uint8Array): string => {
  const pieces: string[] = []
  for (let from = 0; from < bytes.length; from += PIECE_BYTES)
    pieces.push(String.fromCharCode(...bytes.subarray(from, from + PIECE_BYTES)))
  return btoa(pieces.join(''))
}
