import type { Encoding, JobEvent, SignalName, Submission } from './contract.ts'
import { isRecord } from './json.ts'

/** What a client sends on /v1/stream, without its `ref`. */
export type ClientFrame =
  | { type: 'submit'; job: Submission; idempotencyKey?: string | undefined; subscribe?: boolean | undefined }
  | { type: 'subscribe'; jobId: string; after?: string | undefined }
  | { type: 'unsubscribe'; jobId: string }
  | {
      type: 'stdin'
      jobId: string
      data?: string | undefined
      encoding?: Encoding | undefined
      end?: boolean | undefined
    }
  | { type: 'signal'; jobId: string; signal: SignalName }
  | { type: 'resize'; jobId: string; cols: number; rows: number }
  | { type: 'cancel'; jobId: string }
  | { type: 'ping' }

const EVENT_ID = /^(\d{1,9})-(\d{1,9})$/

/** Where an event is in its log; undefined if the id is not as we know it. */
export const readPosition = (id: string): { readonly attempt: number; readonly n: number } | undefined => {
  const [, attempt, n] = EVENT_ID.exec(id) ?? []
  return attempt === undefined || n === undefined ? undefined : { attempt: Number(attempt), n: Number(n) }
}

/**
 * An event of a job. Its type may be one that this package does not know, from a newer server: then it is passed on as it
 * is, and the reader skips it.
 */
export const isEvent = (value: unknown): value is JobEvent =>
  isRecord(value) &&
  typeof value['jobId'] === 'string' &&
  typeof value['id'] === 'string' &&
  typeof value['type'] === 'string'
