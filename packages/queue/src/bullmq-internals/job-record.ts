import type { Job } from 'bullmq'

/**
 * Relies on: a job's record is a hash with these fields. `enqueue-job.ts` writes the first six as BullMQ's own `add` would;
 * BullMQ writes the others. It leaves a field that it does not know as it is: we keep `number` there.
 */
export const JOB_FIELDS = {
  /** We put the tenant's id here. */
  name: 'name',
  data: 'data',
  options: 'opts',
  timestamp: 'timestamp',
  delay: 'delay',
  priority: 'priority',
  /** How often a worker has taken the job. */
  attemptsStarted: 'ats',
  /** Milliseconds since 1970: when it was taken last, and when it ended. */
  processedOn: 'processedOn',
  finishedOn: 'finishedOn',
  /** Ours: the job's number among all jobs that had to wait for their turn. */
  number: 'number',
} as const

/** How often our handler may throw for one job before the job fails, and the first pause before another try. */
const TRIES = 3
const RETRY_DELAY_MS = 1_000

/** Relies on: `opts` is JSON of what `add` takes, except that some names are shortened; these are not. */
export const toJobOptions = (jobId: string): string => JSON.stringify(toOptions(jobId))

const toOptions = (jobId: string) => ({
  jobId,
  attempts: TRIES,
  backoff: { type: 'exponential', delay: RETRY_DELAY_MS },
})

/**
 * The same for a sandbox. Its entry has variables and files that nobody needs when it has begun: BullMQ removes it then.
 *
 * Relies on: these two win over what the worker says about all jobs.
 */
export const toSandboxOptions = (sandboxId: string): string =>
  JSON.stringify({ ...toOptions(sandboxId), removeOnComplete: true, removeOnFail: true })

/** Relies on: `attemptsMade` counts the tries that ended, and this one has not. */
export const isLastTry = (job: Job): boolean => job.attemptsMade + 1 >= (job.opts.attempts ?? 1)

/** Relies on: `stalledCounter` counts the workers that lost this job, because they died or their lock ran out. */
export const countCrashes = (job: Job): number => job.stalledCounter
