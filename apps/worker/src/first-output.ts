import type { JobLog } from '@runnel/output/publisher'

/** The same log, which also notes when output was first written to it. */
export const noteFirstOutput = (jobLog: JobLog) => {
  let firstAtMs: number | undefined
  const noting: JobLog = {
    ...jobLog,
    write(stream, bytes) {
      firstAtMs ??= Date.now()
      return jobLog.write(stream, bytes)
    },
  }
  return {
    jobLog: noting,
    /** Milliseconds since 1970; undefined if there was no output. */
    get firstAtMs() {
      return firstAtMs
    },
  }
}
