import { toBytes } from '@runnel/contract/public'
import type { LogEntry } from './log-entry.ts'
import { type Output, parsePrinted } from './read-output.ts'
import { type JobSummary, parseEvent, toSummary } from './read-summary.ts'

/** Most programs print less. The output of others is read from the log when they have finished. */
const TRANSCRIPT_BYTES = 64 * 1024

/** Collects the events of a job from its first one, so that its end is known without reading the log. */
export interface Transcript {
  add(entry: LogEntry): void
  /** Undefined until the job has finished, and if it printed too much to be kept. */
  read(): { readonly summary: JobSummary; readonly output: Output } | undefined
}

export const createTranscript = (): Transcript => {
  let queued: LogEntry | undefined
  /** The events of the last attempt. Those of an earlier one are dropped when the job restarts. */
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
      const others = [queued, ...attempt].filter(({ type }) => type !== 'stdout' && type !== 'stderr')
      const summary = toSummary(
        last.position.attempt,
        others.map(({ json }) => parseEvent(json)),
      )
      return summary && { summary, output: toOutput() }
    },
  }
}
