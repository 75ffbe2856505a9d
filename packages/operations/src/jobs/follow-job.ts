import type { Receive } from '@runnel/output/subscriber'
import type { OperationParts } from '../parts.ts'

export interface FollowOptions {
  /** The id of the last event that the caller has; without it, follows from the first one. */
  readonly after?: string | undefined
  readonly signal: AbortSignal
}

export const followJob = (
  { subscriber }: OperationParts,
  id: string,
  { after, signal }: FollowOptions,
  receive: Receive,
): Promise<void> => subscriber.follow(id, after === undefined ? { signal } : { after, signal }, receive)

/** Whether the job has finished and has no event after `after`. */
export const isComplete = async (
  parts: OperationParts,
  id: string,
  { after, signal }: { readonly after: string; readonly signal: AbortSignal },
): Promise<boolean> => {
  const more = new AbortController()
  await followJob(parts, id, { after, signal: AbortSignal.any([signal, more.signal]) }, () => {
    more.abort()
    return undefined
  })
  return !more.signal.aborted
}
