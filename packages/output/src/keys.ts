/** A job's event log is a stream, and its live events are published on a channel of the same name. */
export const logKey = (prefix: string, jobId: string): string => `${prefix}:events:${jobId}`

/**
 * What every step that writes to the log works on: the log, and the messages to the job, which the queue writes and
 * which go when the job finishes.
 */
export const writeKeys = (prefix: string, jobId: string): string[] => [
  logKey(prefix, jobId),
  `${prefix}:control:${jobId}`,
  `${prefix}:stdin:${jobId}`,
]
