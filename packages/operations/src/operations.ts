import type { Readable } from 'node:stream'
import type { ByteRange } from '@runnel/blobs'
import type {
  Job,
  JobListQuery,
  JobPage,
  Queue,
  StoredFile,
  StoredFilePage,
  Submission,
  SubmittedProgram,
  TerminalSize,
} from '@runnel/contract/public'
import type { JobLanguage } from '@runnel/languages'
import type { LogEntry } from '@runnel/output/subscriber'
import { addFile, type SentFile } from './files/add-file.ts'
import { type FileQuery, listFiles } from './files/list-files.ts'
import { removeFile } from './files/remove-file.ts'
import { cancelAbandoned } from './jobs/cancel-abandoned.ts'
import { cancelJob } from './jobs/cancel-job.ts'
import { languagesOf } from './jobs/create-job.ts'
import { type ExecuteOptions, execute } from './jobs/execute.ts'
import { executeLive, type LiveRun } from './jobs/execute-live.ts'
import { type FollowOptions, followJob, isComplete } from './jobs/follow-job.ts'
import { listJobs } from './jobs/list-jobs.ts'
import { prepareJob, type SubmitOptions } from './jobs/prepare-job.ts'
import { readJob } from './jobs/read-job.ts'
import { readProgram } from './jobs/read-program.ts'
import { type Input, sendInput } from './jobs/send-input.ts'
import { sendResize } from './jobs/send-resize.ts'
import { type Signal, sendSignal } from './jobs/send-signal.ts'
import { type Following, submitAndFollow } from './jobs/submit-and-follow.ts'
import { submitAndWait, type Waited } from './jobs/submit-and-wait.ts'
import { type Submitted, submitJob } from './jobs/submit-job.ts'
import type { OperationParts } from './parts.ts'
import { jobNotFound } from './request-errors.ts'
import type { Requester } from './requester.ts'
import type { SandboxParts } from './sandboxes/sandbox-parts.ts'

/**
 * What can be done with jobs and files, for every protocol. Each takes the requester and plain data. A job of another tenant is refused
 * as `job-not-found`, before Redis is asked.
 *
 * Mistakes of the caller are thrown as a RequestError. `toRequestError` turns every other error into one.
 */
export interface Operations {
  /** The languages that the tenant may use. */
  languages(requester: Requester): readonly JobLanguage[]

  submit(requester: Requester, submission: Submission, options?: SubmitOptions): Promise<Submitted>
  /** Submits, then follows from the first event without reading any of them back. */
  submitAndFollow(requester: Requester, submission: Submission, options?: SubmitOptions): Promise<Following>
  /** Submits and waits until the job has finished, `waitMs` are over or `signal` aborts. */
  submitAndWait(
    requester: Requester,
    submission: Submission,
    options: SubmitOptions & { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<Waited>
  /** Runs a program for a caller that never learns the job's id, and cancels it if that caller goes or its time is over. */
  execute(requester: Requester, submission: Submission, options: ExecuteOptions): Promise<Job>
  /** The same for a caller that watches the program: returns when the job is accepted. */
  executeLive(
    requester: Requester,
    submission: Submission,
    options: Pick<SubmitOptions, 'admit'> & Pick<ExecuteOptions, 'signal' | 'closing'>,
  ): Promise<LiveRun>

  /** Throws `invalid-request` for a cursor that no page has given, and `unknown-language`. */
  list(requester: Requester, query: JobListQuery): Promise<JobPage>
  read(requester: Requester, id: string): Promise<Job>
  /** What the job runs. Throws `job-not-found` if there is no such job. */
  readProgram(requester: Requester, id: string): Promise<SubmittedProgram>
  /** Throws `job-not-found` if there is no such job. */
  requireJob(requester: Requester, id: string): Promise<void>
  /** Every event after `after`, each once and in order, until `finished` or until `signal` aborts. The consumer sets the pace. */
  follow(requester: Requester, id: string, options: FollowOptions): Promise<AsyncIterable<LogEntry>>
  /** Whether the job has finished and has no event after `after`. */
  isComplete(
    requester: Requester,
    id: string,
    options: { readonly after: string; readonly signal: AbortSignal },
  ): Promise<boolean>

  sendInput(requester: Requester, id: string, input: Input): Promise<void>
  sendSignal(requester: Requester, id: string, signal: Signal): Promise<void>
  /** Changes the size of the job's terminal. Throws `no-terminal` if it has none. */
  sendResize(requester: Requester, id: string, size: TerminalSize): Promise<void>
  /** Returns the job as it is now: a running one finishes a little later. */
  cancel(requester: Requester, id: string): Promise<Job>
  /** Cancels a job whose client has gone. Tries again while Redis is away, until `closing` aborts; never throws. */
  cancelAbandoned(requester: Requester, id: string, closing: AbortSignal): Promise<void>

  /**
   * Stores a file. Whatever goes wrong, nothing of it stays, and its bytes are destroyed. Throws `payload-too-large`, `file-quota`,
   * `disk-full`, `file-store-unavailable`, or the error of the bytes.
   */
  addFile(requester: Requester, file: SentFile): Promise<StoredFile>
  /** Throws `file-not-found`, for a file of another tenant too. */
  findFile(requester: Requester, id: string): Promise<StoredFile>
  /** The bytes of a file, or a part of them. The caller reads them all, or destroys the stream. */
  openFile(requester: Requester, id: string, range?: ByteRange): Promise<Readable>
  /** Throws `invalid-request` for a cursor that no page has given. */
  listFiles(requester: Requester, query: FileQuery): Promise<StoredFilePage>
  /** Throws `file-not-found`. */
  removeFile(requester: Requester, id: string): Promise<void>

  /** Whether Redis has room for a job of a tenant without jobs. Drops finished jobs if that makes room. */
  hasRoom(): Promise<boolean>
  /** For operators: the queue of all tenants, with at most `tenants` of them. */
  readQueue(tenants: number): Promise<Queue>
}

/** What a job with a program of usual size counts, or more. */
const JOB_BYTES = 65_536

const requireOwn = async ({ jobIds }: OperationParts, { tenant }: Requester, id: string): Promise<void> => {
  if (!(await jobIds.isOf(tenant.id, id))) throw jobNotFound()
}

export const createOperations = (parts: SandboxParts): Operations => ({
  languages: ({ tenant }) => languagesOf(parts.languages, tenant),

  submit: async (requester, submission, options = {}) =>
    submitJob(parts, requester, await prepareJob(parts, requester, submission, options)),
  submitAndFollow: async (requester, submission, options = {}) =>
    submitAndFollow(parts, requester, await prepareJob(parts, requester, submission, options)),
  submitAndWait: async (requester, submission, options) =>
    submitAndWait(parts, requester, await prepareJob(parts, requester, submission, options), options),
  execute: async (requester, submission, options) =>
    execute(parts, requester, await prepareJob(parts, requester, submission, {}), options),
  executeLive: async (requester, submission, options) =>
    executeLive(parts, requester, await prepareJob(parts, requester, submission, options), options),

  list: (requester, query) => listJobs(parts, requester, query),
  async read(requester, id) {
    await requireOwn(parts, requester, id)
    return readJob(parts, id)
  },
  async readProgram(requester, id) {
    await requireOwn(parts, requester, id)
    return readProgram(parts, id)
  },
  async requireJob(requester, id) {
    await requireOwn(parts, requester, id)
    if (!(await parts.subscriber.has(id))) throw jobNotFound()
  },
  async follow(requester, id, options) {
    await requireOwn(parts, requester, id)
    return followJob(parts, id, options)
  },
  async isComplete(requester, id, options) {
    await requireOwn(parts, requester, id)
    return isComplete(parts, id, options)
  },

  async sendInput(requester, id, input) {
    await requireOwn(parts, requester, id)
    await sendInput(parts, id, input)
  },
  async sendSignal(requester, id, signal) {
    await requireOwn(parts, requester, id)
    await sendSignal(parts, id, signal)
  },
  async sendResize(requester, id, size) {
    await requireOwn(parts, requester, id)
    await sendResize(parts, id, size)
  },
  async cancel(requester, id) {
    await requireOwn(parts, requester, id)
    return cancelJob(parts, requester, id)
  },
  cancelAbandoned: (requester, id, closing) => cancelAbandoned(parts, requester, id, closing),

  addFile: (requester, file) => addFile(parts, requester, file),
  findFile: ({ tenant }, id) => parts.files.find(tenant.id, id),
  openFile: ({ tenant }, id, range) => parts.files.open(tenant.id, id, range),
  listFiles: (requester, query) => listFiles(parts, requester, query),
  removeFile: (requester, id) => removeFile(parts, requester, id),

  // No tenant has this name.
  hasRoom: async () => (await parts.logWriter.makeRoom('', JOB_BYTES)) === undefined,
  readQueue: (tenants) => parts.producer.read(tenants),
})
