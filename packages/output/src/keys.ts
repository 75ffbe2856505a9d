/** A job's event log is a stream, and its live events are published on a channel of the same name. */
export const logKey = (prefix: string, jobId: string): string => `${prefix}:events:${jobId}`

/** The messages to the job: written by the queue, but gone when the log is. */
export const controlKey = (prefix: string, jobId: string): string => `${prefix}:control:${jobId}`
