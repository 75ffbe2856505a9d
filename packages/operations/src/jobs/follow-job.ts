import type { LogEntry } from '@runnel/output/subscriber'
import type { OperationParts } from '../parts.ts'
import { requireSummary } from './read-job.ts'

export interface FollowOptions {
  /** The id of the last event that the caller has. Without it, all events come. */
  readonly after?: string | undefined
  readonly signal: AbortSignal
}

export const followJob = (
  { subscriber }: OperationParts,
  id: string,
  { after, signal }: FollowOptions,
): AsyncIterable<LogEntry> => subscriber.follow(id, after === undefined ? { signal } : { after, signal })

/** Whether the job has finished and has no event after `after`. */
export const isComplete = async (
  parts: OperationParts,
  id: string,
  options: { readonly after: string; readonly signal: AbortSignal },
): Promise<boolean> => {
  const { status } = await requireSummary(parts, id)
  if (status !== 'finished') return false
  for await (const _ of followJob(parts, id, options)) return false
  return true
}
