import { type Job, WaitingError } from 'bullmq'

/**
 * Relies on: `moveToWait` puts an active job at the tail of `wait`, where workers take the next job, and releases its lock. If
 * the handler then throws a WaitingError, BullMQ leaves the job as it is.
 */
export const requeueJob = async (job: Job, token: string): Promise<never> => {
  await job.moveToWait(token)
  throw new WaitingError()
}

/** Relies on: after a WaitingError BullMQ neither ends the job nor tries it again. */
export const leaveJob = (): never => {
  throw new WaitingError()
}

export const isLeft = (error: unknown): boolean => error instanceof WaitingError
