import type { Backend } from '../backend.ts'

/** True once the job has finished; false where that takes longer than `waitMs`, or `signal` aborts first. */
export const waitForJob = async (
  { subscriber }: Backend,
  jobId: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<boolean> => {
  const enough = AbortSignal.any([signal, AbortSignal.timeout(waitMs)])
  try {
    for await (const { type } of subscriber.follow(jobId, { signal: enough })) {
      if (type === 'finished') return true
    }
  } catch (error) {
    if (!enough.aborted) throw error
  }
  return false
}
