import { type Job, WaitingError } from 'bullmq'

/**
 * Relies on: `moveToWait` puts an active job at the tail of `wait`, where workers take next, and gives up its lock. A handler
 * that then throws a WaitingError has BullMQ leave the job as it is.
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
