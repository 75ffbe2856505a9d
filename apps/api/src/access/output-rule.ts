import { type Job, RequestError } from '@runnel/contract/public'
import type { Caller } from './caller.ts'

/**
 * Output needs `read`, by whatever way it comes. A key with `submit` alone is for those who only hand in programs; it learns that a job
 * was accepted and how it ended, and never what it printed:
 *
 *   POST /v1/jobs with `wait` or a repeated Idempotency-Key, DELETE /v1/jobs/:id,   the job without its output
 *   a `submit` frame that repeats an idempotencyKey
 *   a `submit` frame that follows its job (`subscribe`)                            refused
 *   POST /execute, execute_code on socket.io                                       refused: their answer is the output
 */
const mayReadOutput = ({ scopes }: Caller): boolean => scopes.includes('read')

/** The job as the caller may see it. */
export const showJob = (caller: Caller, job: Job): Job => {
  if (mayReadOutput(caller)) return job
  const { output: _, artifacts: _kept, artifactsLeftOut: _left, ...unread } = job
  return unread
}

/** Throws if the caller may not see output. `instead`: what it may do. */
export const requireOutput = (caller: Caller, instead: string): void => {
  if (mayReadOutput(caller)) return
  const what = caller.ticket === undefined ? 'key' : 'ticket'
  throw new RequestError('forbidden', `This ${what} may not see output, because it has no scope read: ${instead}`)
}
