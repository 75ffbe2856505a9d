import { createHash } from 'node:crypto'

/** What producer and consumer agree on in Redis. */
export const QUEUE_NAME = 'jobs'

/** A cancel and signals to a job: a stream with one field `m`, a Control as JSON. */
export const controlKey = (prefix: string, jobId: string): string => `${prefix}:control:${jobId}`

/** A job's input and the end of it: a stream of the same form, so that no amount of it stands before a cancel. */
export const stdinKey = (prefix: string, jobId: string): string => `${prefix}:stdin:${jobId}`

/** Where a job's id is published when it has been sent a message. */
export const controlChannel = (prefix: string): string => `${prefix}:control`

/** The jobs whose turn has not come; see turn-script.ts. */
export const waitingKey = (prefix: string): string => `${prefix}:waiting`

/** What was submitted under a key of the caller's: a hash with `job` and `fingerprint`. The key may be any text. */
export const submissionKey = (prefix: string, tenant: string, key: string): string =>
  `${prefix}:submission:${tenant}:${createHash('sha256').update(key).digest('hex')}`
