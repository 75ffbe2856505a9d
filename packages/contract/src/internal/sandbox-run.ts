import type { QueuedJob } from './queued-job.ts'

/**
 * A foreground command of a sandbox. It has a log, a record and a place in the history as a job has, and is never in the queue: the
 * worker that holds the sandbox runs it. A job that serves is one too, in a sandbox that waits in the queue for it.
 */
export interface SandboxRun extends QueuedJob {
  readonly sandboxId: string
}
