import { toBytes } from '@runnel/contract/public'
import type { LogEntry } from './log-entry.ts'
import { type Output, parsePrinted } from './read-output.ts'
import { type JobSummary, parseEvent, toSummary } from './read-summary.ts'

/** Most programs print less. One that prints more is read from its log when it has finished, not kept until then. */
const TRANSCRIPT_BYTES = 64 * 1024

/** What whoever follows a job from its beginning knows of it at its end, without asking the log again. */
export interface Transcript {
  add(entry: LogEntry): void
  /** Undefined as long as the job has not finished, and where it printed too much to be kept. */
  read(): { readonly summary: JobSummary; readonly output: Output } | undefined
}

export const createTranscript = (): Transcript => {
  let queued: LogEntry | undefined
  /** Of the last attempt: what an attempt before it printed was dropped when the job began again. */
  let attempt: LogEntry[] = []
  let bytes = 0

  const toOutput = (): Output => {
    const join = (stream: 'stdout' | 'stderr'): Uint8Array =>
      Buffer.concat(attempt.filter(({ type }) => type === stream).map((entry) => toBytes(parsePrinted(entry))))
    return { stdout: join('stdout'), stderr: join('stderr'), truncated: false }
  }

  return {
    add(entry) {
      if (entry.type === 'queued') {
        queued = entry
        return
      }
      if (entry.type === 'restarted') {
        attempt = []
        bytes = 0
      }
      bytes += entry.json.length
      if (bytes <= TRANSCRIPT_BYTES) attempt.push(entry)
    },

    read() {
      const last = attempt.at(-1)
      if (queued === undefined || last?.type !== 'finished') return undefined
      const told = [queued, ...attempt].filter(({ type }) => type !== 'stdout' && type !== 'stderr')
      const summary = toSummary(
        last.position.attempt,
        told.map(({ json }) => parseEvent(json)),
      )
      return summary && { summary, output: toOutput() }
    },
  }
}
