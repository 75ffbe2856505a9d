import type { Receive } from '@runnel/output/subscriber'
import type { Backend } from '../backend.ts'

/** A job's events after `after`, until `finished` or until `signal` aborts. */
export const followJob = (
  { subscriber }: Backend,
  jobId: string,
  { after, signal }: { after?: string | undefined; signal: AbortSignal },
  receive: Receive,
): Promise<void> => subscriber.follow(jobId, after === undefined ? { signal } : { after, signal }, receive)
