import { type JobEvent, jobEventSchema, type Outcome, toBytes } from '@runnel/contract/public'
import { describeOutcome, type LogEntry } from '@runnel/operations'
import { createLineSplitter, type Line } from './line-splitter.ts'
import type { ServerMessage } from './protocol.ts'

const RESTARTED =
  'The sandbox was lost, which is not the fault of the program: it has started again from its beginning.'

const DROPPED = 'Output is missing here, because Redis was full. More does not come; the program itself runs on.'

type Printed = 'stdout' | 'stderr'

const toLineMessage = (jobId: string, stream: Printed, { text, continues }: Line): ServerMessage => [
  'execution_output',
  { output: text, stream, jobId, ...(continues ? { continues } : {}) },
]

/** A sentence of the server's among the lines. Clients that know only `execution_output` show it too. */
export const toNotice = (output: string, jobId: string | null): ServerMessage => [
  'execution_output',
  { output, stream: 'notice', jobId },
]

/** How the run ended. A program that exited has said itself what was wrong; of every other end the user would not know. */
function* toEnd(jobId: string, outcome: Outcome): Generator<ServerMessage> {
  const error = describeOutcome(outcome) ?? null
  if (error !== null && outcome.type !== 'exited') yield toNotice(error, jobId)
  yield ['execution_complete', { status: error === null ? 'completed' : 'failed', jobId, outcome, error }]
}

/**
 * The events of a job as messages of this protocol. Each call's messages must all be taken before the next call: they are made
 * one at a time, because an event of 64 KiB can have as many lines.
 *
 *   queued     nothing
 *   started    execution_start; after a restart with `restarted`, and a notice
 *   stdout     execution_output for each line that is complete; the rest waits for its end. stderr as well
 *   restarted  the rest is dropped
 *   finished   the rest, as last lines; execution_complete
 */
export const createRunMessages = (jobId: string): ((entry: LogEntry) => Iterable<ServerMessage>) => {
  const create = () => ({ stdout: createLineSplitter(), stderr: createLineSplitter() })
  let splitters = create()
  let isRestarted = false

  function* toLines(stream: Printed, lines: Iterable<Line>): Generator<ServerMessage> {
    for (const line of lines) yield toLineMessage(jobId, stream, line)
  }
  function* toMessages(event: JobEvent): Generator<ServerMessage> {
    switch (event.type) {
      case 'queued':
      // This protocol knows no previews.
      case 'port':
        return
      case 'started':
        yield ['execution_start', { status: isRestarted ? 'restarted' : 'running', jobId }]
        if (isRestarted) yield toNotice(RESTARTED, jobId)
        return
      case 'stdout':
      case 'stderr':
        yield* toLines(event.type, splitters[event.type].add(toBytes(event)))
        return
      case 'dropped':
        yield toNotice(DROPPED, jobId)
        return
      case 'restarted':
        splitters = create()
        isRestarted = true
        return
      case 'finished':
        yield* toLines('stdout', splitters.stdout.end())
        yield* toLines('stderr', splitters.stderr.end())
        yield* toEnd(jobId, event.outcome)
    }
  }
  return ({ json }) => toMessages(jobEventSchema.parse(JSON.parse(json)))
}
