import { JOB_OUTPUT_BYTES, type Outcome, type TerminalSize, type Usage } from '@runnel/contract/public'
import type { JobLog, Publisher } from '@runnel/output/publisher'
import type { Logger } from '@runnel/process'
import type { History } from '@runnel/registry'
import type { OutputTaker } from './sandbox-commands.ts'

/** What a caller that waits gets, as from a job: the first part of each stream. */
interface CollectedOutput {
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly truncated: boolean
}

export interface RunLog extends OutputTaker {
  readonly collected: CollectedOutput
  /** Whether its log takes what it prints, or has an end already. */
  readonly started: ReturnType<JobLog['start']>
  port: JobLog['port']
}

/** The API has opened the log; nobody else may write to it. */
const ATTEMPT = 1

const createCollector = () => {
  const parts: Readonly<Record<'stdout' | 'stderr', Buffer[]>> = { stdout: [], stderr: [] }
  const left = { stdout: JOB_OUTPUT_BYTES, stderr: JOB_OUTPUT_BYTES }
  let truncated = false
  return {
    add(stream: 'stdout' | 'stderr', bytes: Buffer) {
      const taken = bytes.subarray(0, left[stream])
      left[stream] -= taken.length
      truncated ||= taken.length < bytes.length
      if (taken.length > 0) parts[stream].push(taken)
    },
    read: (): CollectedOutput => ({
      stdout: Buffer.concat(parts.stdout),
      stderr: Buffer.concat(parts.stderr),
      truncated,
    }),
  }
}

/**
 * A foreground command writes to the event log, as a job does. Its first output does not wait for the log's start: it is written
 * when that has come.
 */
export const createRunLog = (
  parts: {
    readonly publisher: Publisher
    readonly history: Pick<History, 'find' | 'endCommands'>
    readonly log: Logger
  },
  run: {
    readonly id: string
    readonly terminal?: TerminalSize | undefined
    readonly collects: boolean
    /** What it prints after so many bytes is dropped. Without it, nothing is. */
    readonly keptBytes?: number
  },
): RunLog => {
  const { publisher, history, log } = parts
  const jobLog = publisher.open(run.id, ATTEMPT)
  const collector = createCollector()
  let leftBytes = run.keptBytes ?? Number.POSITIVE_INFINITY
  const started = jobLog.start(run.terminal)
  const record = history.find(run.id)
  // Both are awaited below, perhaps much later.
  started.catch(() => {})
  record.catch(() => {})

  const requireStarted = async (): Promise<void> => {
    if ((await started) !== 'started') throw new Error(`The log of the run ${run.id} has ended already`)
  }

  return {
    get collected() {
      return collector.read()
    },
    started,
    async port(change) {
      await requireStarted()
      await jobLog.port(change)
    },
    async write(stream, bytes) {
      if (run.collects) collector.add(stream, bytes)
      await requireStarted()
      const kept = bytes.subarray(0, leftBytes)
      leftBytes -= kept.length
      if (kept.length > 0) await jobLog.write(stream, kept)
      if (kept.length < bytes.length) await jobLog.drop()
    },
    async end(outcome: Outcome, usage: Usage | null) {
      try {
        await requireStarted()
        const known = await record
        await jobLog.finish(outcome, usage, (end) => (known === undefined ? [] : history.endCommands(known, end)))
      } catch (err) {
        log.warn({ jobId: run.id, err }, 'Cannot note the end of a command: its log is gone, or Redis is away')
      }
    },
  }
}
