import { constants } from 'node:os'
import type { Control } from '@runnel/contract/internal'
import { type Limits, toBytes } from '@runnel/contract/public'
import { type RunEvent, type RunRequest, SandboxFailure } from '../sandbox.ts'
import type { AgentConnection, StreamEvent } from './connection.ts'
import { toOutcome } from './ending.ts'
import { createEventQueue } from './event-queue.ts'
import { encodeFiles } from './files.ts'
import { encodeJsonFrame, ProtocolError } from './frames.ts'
import { type ExitReport, REQUEST } from './protocol.ts'
import { createStdin, encodeEndOfStdin } from './stdin.ts'

/** Output that was sent and that nobody has read yet; the rest of a flood waits in the program's own pipe. */
const OUTPUT_WINDOW_BYTES = 256 * 1024
/** Credit is given back in pieces of this size, which saves frames. */
const CREDIT_PIECE_BYTES = 64 * 1024
/** An agent that is silent for this long after a limit and its grace is stuck. */
const AGENT_TIMEOUT_MS = 3_000
/** To write the files and start the program. After this much silence the agent, or the engine before it, is stuck. */
const PROGRAM_START_TIMEOUT_MS = 10_000
/** What a program finds where it has a terminal. Every terminal in a browser understands it, and every image describes it. */
const TERMINAL_ENV = { TERM: 'xterm-256color' }

export interface RunSettings {
  readonly argv: readonly string[]
  /** On top of the program's own, where it does not run in an interpreter that was started ahead. */
  readonly coldEnv: Readonly<Record<string, string>>
  /** Between SIGTERM and SIGKILL. */
  readonly killGraceMs: number
}

const encodeExec = (
  stream: number,
  { program, limits }: RunRequest,
  { argv, coldEnv, killGraceMs }: RunSettings,
): Buffer =>
  encodeJsonFrame(REQUEST.exec, stream, {
    argv: [...argv, ...program.args],
    env: program.terminal === undefined ? program.env : { ...TERMINAL_ENV, ...program.env },
    coldEnv,
    wallMs: limits.wallMs,
    cpuMs: limits.cpuMs,
    outputBytes: limits.outputBytes,
    killGraceMs,
    credit: OUTPUT_WINDOW_BYTES,
    diskBytes: limits.diskBytes,
    terminal: program.terminal ?? null,
  })

const encodeSignal = (stream: number, signal: NodeJS.Signals, killGraceMs?: number): Buffer =>
  encodeJsonFrame(REQUEST.signal, stream, { signal: constants.signals[signal], killGraceMs })

const toEnded = (intent: 'canceled' | undefined, report: ExitReport, limits: Limits): RunEvent => ({
  type: 'ended',
  outcome: toOutcome({ intent, report, limits }),
  usage: {
    wallMs: report.wallMs,
    cpuMs: report.cpuMs,
    // At a memory limit the kernel counts one page too many. No program had more than its limit.
    peakMemoryBytes: report.peakMemoryBytes === null ? null : Math.min(report.peakMemoryBytes, limits.memoryBytes),
  },
})

/** When the agent itself had to be given up, only the time is known. */
const NO_REPORT: ExitReport = {
  code: null,
  signal: null,
  wallMs: 0,
  cpuMs: null,
  peakMemoryBytes: null,
  oomKilled: null,
  limit: null,
  hits: [],
}

/**
 * Runs one program through one agent: sends all that it needs in one write, then yields its events until it has ended.
 * The first cause of the end wins: what the worker decided (canceled, overdue) outranks how the program then ended.
 */
export async function* runProgram(
  connection: AgentConnection,
  request: RunRequest,
  settings: RunSettings,
): AsyncGenerator<RunEvent> {
  const { program, limits, signal, controls } = request
  const events = createEventQueue<StreamEvent>()
  const over = new AbortController()
  // A new number, so that late input for the program before this one does not reach this one.
  const stream = connection.newStream()
  const stdin = createStdin(connection, stream)
  const hasNoInput = program.stdin === '' && !program.interactive
  const startedMs = performance.now()
  let programStarted = false
  let intent: 'canceled' | undefined
  let ranOver = false
  let unpaidBytes = 0
  let printedBytes = 0

  let overdue: NodeJS.Timeout | undefined
  const giveUpAfter = (ms: number, message: string) => {
    clearTimeout(overdue)
    overdue = setTimeout(() => {
      ranOver = programStarted
      connection.close(new Error(message))
    }, ms)
  }

  const onEvent = (event: StreamEvent) => {
    if (event.type === 'granted') return stdin.granted(event.bytes)
    if (event.type !== 'failed' && !programStarted) {
      programStarted = true
      // The agent ends the program at its wall limit. If it does not, the agent has failed.
      if (intent === undefined)
        giveUpAfter(
          limits.wallMs + settings.killGraceMs + AGENT_TIMEOUT_MS,
          'The agent let a program run past its wall limit',
        )
    }
    if (event.type === 'output') {
      printedBytes += event.bytes.length
      // An honest agent stops at the limit.
      if (printedBytes > limits.outputBytes)
        return connection.close(new ProtocolError('The agent sent more output than its program may print'))
    }
    if (event.type === 'answered' || event.type === 'listening' || event.type === 'closed')
      return connection.close(new ProtocolError('The agent answered a program with something else'))
    if (event.type !== 'done') events.push(event)
  }

  const cancel = () => {
    intent ??= 'canceled'
    connection.send([encodeSignal(stream, 'SIGTERM', settings.killGraceMs)])
    giveUpAfter(settings.killGraceMs + AGENT_TIMEOUT_MS, 'The agent did not end a canceled program')
  }

  /** Ends when all input so far is sent. It holds at most PROGRAM.stdinTotalBytes, which a job may be sent in all. */
  let writing = Promise.resolve()
  const handleControl = (control: Control): void => {
    if (control.type === 'stdin') {
      const bytes = toBytes(control)
      writing = writing.then(() => stdin.write(bytes, over.signal))
    }
    if (control.type === 'stdin-end') writing = writing.then(() => stdin.end())
    // A signal does not wait for input to be sent: the program may not read any.
    if (control.type === 'signal') connection.send([encodeSignal(stream, control.signal)])
    if (control.type === 'resize' && program.terminal !== undefined)
      connection.send([encodeJsonFrame(REQUEST.resize, stream, { cols: control.cols, rows: control.rows })])
  }
  const handleControls = async () => {
    writing = stdin.write(Buffer.from(program.stdin), over.signal)
    if (!program.interactive && !hasNoInput) writing = writing.then(() => stdin.end())
    const incoming = controls[Symbol.asyncIterator]()
    over.signal.addEventListener('abort', () => void incoming.return?.(), { once: true })
    for (let next = await incoming.next(); !next.done && !over.signal.aborted; next = await incoming.next()) {
      handleControl(next.value)
    }
  }

  connection.listen(stream, OUTPUT_WINDOW_BYTES, onEvent)
  try {
    connection.send([
      ...encodeFiles(stream, program.files),
      encodeExec(stream, request, settings),
      ...(hasNoInput ? [encodeEndOfStdin(stream)] : []),
    ])
    giveUpAfter(PROGRAM_START_TIMEOUT_MS, 'The agent did not start the program')
    handleControls().catch((error) => connection.close(error))
    if (signal.aborted) cancel()
    else signal.addEventListener('abort', cancel, { once: true, signal: over.signal })

    for await (const event of events) {
      if (event.type === 'output') {
        yield { type: 'output', stream: event.stream, bytes: event.bytes }
        unpaidBytes += event.bytes.length
        if (unpaidBytes >= CREDIT_PIECE_BYTES) {
          connection.giveCredit(stream, unpaidBytes)
          unpaidBytes = 0
        }
      } else if (event.type === 'exited') {
        yield toEnded(intent, event.report, limits)
        return
      } else if (event.type === 'failed') {
        if (intent === undefined)
          throw new SandboxFailure('The sandbox ended before its program', {
            cause: event.error,
            programStarted,
            ranOver,
          })
        yield toEnded(intent, { ...NO_REPORT, wallMs: performance.now() - startedMs }, limits)
        return
      }
    }
  } finally {
    clearTimeout(overdue)
    over.abort()
  }
}
