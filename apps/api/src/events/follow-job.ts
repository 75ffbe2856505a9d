import type { LogEntry } from '@runnel/output/subscriber'
import type { Backend } from '../backend.ts'

/** A job's events after `after`, until `finished` or until `signal` aborts. */
export const followJob = (
  { subscriber }: Backend,
  jobId: string,
  { after, signal }: { after?: string | undefined; signal: AbortSignal },
): AsyncIterable<LogEntry> => subscriber.follow(jobId, after === undefined ? { signal } : { after, signal })

/** Aborts when a client has gone, for whatever reason, or when the server closes. */
export const whileConnected = (
  connection: { once(event: 'close', listener: () => void): unknown },
  closing: AbortSignal,
): AbortSignal => {
  const gone = new AbortController()
  connection.once('close', () => gone.abort())
  return AbortSignal.any([gone.signal, closing])
}
