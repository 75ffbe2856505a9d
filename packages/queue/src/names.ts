/** What producer and consumer agree on in Redis. */
export const QUEUE_NAME = 'jobs'

/** A job's messages: a stream with one field `m`, a Control as JSON. */
export const controlKey = (prefix: string, jobId: string): string => `${prefix}:control:${jobId}`

/** Where a job's id is published when it has been sent a message. */
export const controlChannel = (prefix: string): string => `${prefix}:control`
