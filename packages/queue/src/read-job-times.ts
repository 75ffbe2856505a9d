import type { JobTimes } from './estimate-wait.ts'

const toNumbers = (list: unknown): number[] => (Array.isArray(list) ? list.map(Number) : [])

/** Reads what `readTimes` returns: of all jobs, and of those of the tenant. The clocks of hosts may differ a little. */
export const readJobTimes = (answer: unknown): { readonly all: JobTimes; readonly own: JobTimes } => {
  const [running, finished, startedAt, ownStartedAt]: unknown[] = Array.isArray(answer) ? answer : []
  const now = Date.now()
  const toRanMs = (times: unknown) => toNumbers(times).map((at) => Math.max(0, now - at))
  const finishedMs = toNumbers(finished)
  const ownRanMs = toRanMs(ownStartedAt)
  return {
    all: { running: Number(running), ranMs: toRanMs(startedAt), finishedMs },
    own: { running: ownRanMs.length, ranMs: ownRanMs, finishedMs },
  }
}
