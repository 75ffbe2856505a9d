import type { ErrorCode, OutcomeClass } from '@runnel/contract/public'

/** What was measured of a job, in milliseconds. Absent: there was nothing to measure. */
export interface JobTimes {
  /** From the submission until the worker that ended it took it. */
  readonly waitMs?: number
  /** From the submission until its first output. */
  readonly firstOutputMs?: number
  /** How long the program ran. */
  readonly runMs?: number
}

/**
 * Is told what happens to jobs, and counts it. The calls are on the way of every job, so they only count in memory, and never
 * throw.
 */
export interface JobRecorder {
  accepted(): void
  /** A submission was answered with this error. */
  refused(code: ErrorCode): void
  /** Called by the process that ended the job, once. */
  ended(outcome: OutcomeClass, times: JobTimes): void
}

/** Tells each of them. */
export const recordBy = (...recorders: readonly JobRecorder[]): JobRecorder => ({
  accepted() {
    for (const recorder of recorders) recorder.accepted()
  },
  refused(code) {
    for (const recorder of recorders) recorder.refused(code)
  },
  ended(outcome, times) {
    for (const recorder of recorders) recorder.ended(outcome, times)
  },
})
