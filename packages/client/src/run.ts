import type { Artifact, Job, JobEvent, LeftOutArtifact, Outcome, Submission, SubmittedFile, Usage } from './contract.ts'
import { RunnelConnectionError } from './errors.ts'
import type { FollowOptions } from './follow.ts'
import type { Jobs, SubmitOptions } from './jobs.ts'
import { createStreamText, KEEP_BYTES } from './stream-text.ts'

/** How to run a program, and what to call meanwhile. A callback that returns a promise is waited for before the next event. */
export interface RunOptions
  extends Omit<Submission, 'code' | 'files'>,
    Pick<SubmitOptions, 'idempotencyKey'>,
    Pick<FollowOptions, 'onConnection' | 'transport' | 'giveUpAfterMs'> {
  /** The job was accepted. Its id is needed for `sendInput`. */
  readonly onAccepted?: ((job: Job) => unknown) | undefined
  /** Text of stdout as it is printed. A piece is not a line. */
  readonly onStdout?: ((text: string) => unknown) | undefined
  readonly onStderr?: ((text: string) => unknown) | undefined
  /** With `serve`: a port that the program has opened or closed. Its `url` is where its preview is. */
  readonly onPort?: ((event: Extract<JobEvent, { type: 'port' }>) => unknown) | undefined
  /** Every event, before `onStdout` and `onStderr`. `restarted`: the job runs again, and the output so far does not count. */
  readonly onEvent?: ((event: JobEvent) => unknown) | undefined
  /**
   * Cancels the job: the run then ends with the outcome `canceled`. If it has aborted before the call, `run` throws its
   * reason.
   */
  readonly signal?: AbortSignal | undefined
  /** How much of each stream the result keeps, in bytes of UTF-8. Default 8 MiB. The callbacks get everything. */
  readonly keepBytes?: number | undefined
}

export interface RunResult {
  readonly jobId: string
  /** How it ended. A program that failed is a result, not an error. */
  readonly outcome: Outcome
  /** null if the program never started. */
  readonly usage: Usage | null
  /** As text: bytes that are not UTF-8 are U+FFFD. `onEvent` has the exact bytes. */
  readonly stdout: string
  readonly stderr: string
  /** There was more output than `keepBytes`, or the server had no room for all of it. */
  readonly truncated: boolean
  /** What it kept, with `artifacts`. `runnel.files.read(fileId)` gives one. */
  readonly artifacts: readonly Artifact[]
  /** What matched and is not kept, with the reason. */
  readonly artifactsLeftOut: readonly LeftOutArtifact[]
  readonly job: Job
}

/** How long the end of a canceled job is waited for. */
const CANCELED_WITHIN_MS = 15_000

export const run = async (
  jobs: Jobs,
  program: string | readonly SubmittedFile[],
  options: RunOptions,
): Promise<RunResult> => {
  const { onAccepted, onStdout, onStderr, onPort, onEvent, signal, keepBytes = KEEP_BYTES, ...more } = options
  const { onConnection, transport, giveUpAfterMs, idempotencyKey, ...submission } = more
  signal?.throwIfAborted()
  let isDropped = false
  const source = typeof program === 'string' ? { code: program } : { files: [...program] }
  const job = await jobs.submit({ ...submission, ...source }, { idempotencyKey })
  const stdout = createStreamText(keepBytes, onStdout)
  const stderr = createStreamText(keepBytes, onStderr)

  const tooLate = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const onAbort = (): void => {
    const error = new RunnelConnectionError(`${job.id} was canceled, but did not end within ${CANCELED_WITHIN_MS} ms`)
    timer = setTimeout(() => tooLate.abort(error), CANCELED_WITHIN_MS)
    jobs.cancel(job.id).catch((cause: unknown) => tooLate.abort(cause))
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal?.aborted) onAbort()
    await onAccepted?.(job)
    for await (const event of jobs.follow(job.id, { onConnection, transport, giveUpAfterMs, signal: tooLate.signal })) {
      await onEvent?.(event)
      if (event.type === 'stdout') await stdout.add(event)
      else if (event.type === 'stderr') await stderr.add(event)
      else if (event.type === 'port') await onPort?.(event)
      else if (event.type === 'dropped') isDropped = true
      else if (event.type === 'restarted') {
        isDropped = false
        stdout.restart()
        stderr.restart()
      } else if (event.type === 'finished') {
        await stdout.end()
        await stderr.end()
        const { outcome, usage, artifacts = [], artifactsLeftOut = [] } = event
        const truncated = stdout.isCut || stderr.isCut || isDropped
        const printed = { stdout: stdout.kept, stderr: stderr.kept, truncated }
        return { jobId: job.id, outcome, usage, ...printed, artifacts, artifactsLeftOut, job }
      }
    }
    throw new RunnelConnectionError(`The events of ${job.id} ended before \`finished\``)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
