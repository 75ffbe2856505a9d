import { constants } from 'node:os'
import type { Control } from '@runnel/contract/internal'
import { type File, type Limits, toBytes } from '@runnel/contract/public'
import type { AgentChannel, StreamEvent } from './agent-channel.ts'
import { toOutcome } from './ending.ts'
import { createEventQueue } from './event-queue.ts'
import { type ExitReport, encodeChunks, encodeFrame, encodeJsonFrame, ProtocolError, REQUEST } from './protocol.ts'
import { type RunEvent, type RunRequest, SandboxFailure } from './sandbox.ts'

/** Output on its way to us; a flood waits in the program's own pipe. */
const OUTPUT_WINDOW_BYTES = 256 * 1024
/** Input on its way to the program. */
const STDIN_WINDOW_BYTES = 256 * 1024
/** Credit is given back in lumps, to spare frames. */
const CREDIT_LUMP_BYTES = 64 * 1024
/** Past every limit and its grace this much silence means the agent itself is stuck. */
const AGENT_TIMEOUT_MS = 3_000
/** To take the files and begin: milliseconds. So much silence means that the agent, or the engine before it, is stuck. */
const PROGRAM_START_TIMEOUT_MS = 10_000

/** A word, where the default would make an error with a stack. */
const RUN_ENDED = 'ended'

export interface RunSettings {
  readonly argv: readonly string[]
  /** Between SIGTERM and SIGKILL. */
  readonly killGraceMs: number
  /** Whether the sandbox is to make itself ready for another program afterwards. */
  readonly again: boolean
}

const encodeFiles = (stream: number, files: readonly File[]): Buffer[] => {
  const contents = files.map((file) => toBytes({ encoding: file.encoding, data: file.content }))
  const list = files.map((file, index) => ({
    path: file.path,
    size: contents[index]?.length ?? 0,
  }))
  return [
    encodeJsonFrame(REQUEST.put, stream, { files: list }),
    ...encodeChunks(REQUEST.data, stream, Buffer.concat(contents)),
  ]
}

const encodeExec = (
  stream: number,
  { program, limits }: RunRequest,
  { argv, killGraceMs, again }: RunSettings,
): Buffer =>
  encodeJsonFrame(REQUEST.exec, stream, {
    argv: [...argv, ...program.args],
    env: program.env,
    wallMs: limits.wallMs,
    cpuMs: limits.cpuMs,
    outputBytes: limits.outputBytes,
    graceMs: killGraceMs,
    credit: OUTPUT_WINDOW_BYTES,
    again,
  })

const encodeSignal = (stream: number, signal: NodeJS.Signals, killAfterMs?: number): Buffer =>
  encodeJsonFrame(REQUEST.signal, stream, {
    signal: constants.signals[signal],
    killAfterMs,
  })

const encodeEndOfStdin = (stream: number): Buffer => encodeFrame(REQUEST.stdin, stream)

/** Sends bytes to the program's standard input, never more on the way than the window. */
const createStdin = (channel: AgentChannel, stream: number) => {
  let room = STDIN_WINDOW_BYTES
  let wake: () => void = () => {}
  return {
    granted(bytes: number) {
      room += bytes
      if (room > STDIN_WINDOW_BYTES) channel.close(new ProtocolError('The agent took more input than it was sent'))
      wake()
    },
    async write(bytes: Uint8Array, signal: AbortSignal) {
      for (let at = 0; at < bytes.length && !signal.aborted; ) {
        if (room === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve
            signal.addEventListener('abort', () => resolve(), { once: true })
          })
        }
        const piece = bytes.subarray(at, at + room)
        room -= piece.length
        at += piece.length
        channel.send(encodeChunks(REQUEST.stdin, stream, piece))
      }
    },
    end: () => channel.send([encodeEndOfStdin(stream)]),
  }
}

const toEnded = (intent: 'canceled' | undefined, report: ExitReport, limits: Limits): RunEvent => ({
  type: 'ended',
  outcome: toOutcome({ intent, report, limits }),
  usage: {
    wallMs: report.wallMs,
    cpuMs: report.cpuMs,
    // The kernel counts a page too many for itself where a limit is met. No program had more than its limit.
    peakMemoryBytes: report.peakMemoryBytes === null ? null : Math.min(report.peakMemoryBytes, limits.memoryBytes),
  },
})

/**
 * One program through one agent: everything it needs goes out in one write, then its events come until it has ended.
 * The first cause of death wins: what the worker decided (canceled, overdue) outranks how the program then went.
 */
export async function* runProgram(
  channel: AgentChannel,
  request: RunRequest,
  settings: RunSettings,
): AsyncGenerator<RunEvent> {
  const { program, limits, signal, controls } = request
  const events = createEventQueue<StreamEvent>()
  const over = new AbortController()
  // Of its own: what is still on its way to the program before this one, in the same sandbox, is not for this one.
  const stream = channel.newStream()
  const stdin = createStdin(channel, stream)
  const hasNoInput = program.stdin === '' && !program.interactive
  const started = performance.now()
  let programStarted = false
  let intent: 'canceled' | undefined
  let ranOver = false
  let consumed = 0
  let printed = 0

  const hear = (event: StreamEvent) => {
    if (event.type === 'granted') return stdin.granted(event.bytes)
    if (event.type !== 'failed' && !programStarted) {
      programStarted = true
      if (intent === undefined) watchTime()
    }
    if (event.type === 'output') {
      printed += event.bytes.length
      // The agent sees to that, and an agent that does not is none.
      if (printed > limits.outputBytes)
        return channel.close(new ProtocolError('The agent sent more output than its program may print'))
    }
    if (event.type !== 'done') events.push(event)
  }

  const cancel = () => {
    intent ??= 'canceled'
    channel.send([encodeSignal(stream, 'SIGTERM', settings.killGraceMs)])
    giveUp(settings.killGraceMs + AGENT_TIMEOUT_MS, 'The agent did not end a canceled program')
  }
  let overdue: NodeJS.Timeout | undefined
  const giveUp = (afterMs: number, message: string) => {
    clearTimeout(overdue)
    overdue = setTimeout(() => {
      ranOver = programStarted
      channel.close(new Error(message))
    }, afterMs)
  }

  /** The agent ends a program at its time. Its word for that is awaited a little longer, and then it is the agent that failed. */
  const watchTime = () =>
    giveUp(limits.wallMs + settings.killGraceMs + AGENT_TIMEOUT_MS, 'The agent let a program run past its time')

  /** Input that the program has not yet taken; no more than a job may be sent (PROGRAM.stdinTotalBytes). */
  let writing = Promise.resolve()
  const obey = (control: Control): void => {
    if (control.type === 'stdin') {
      const bytes = toBytes(control)
      writing = writing.then(() => stdin.write(bytes, over.signal))
    }
    if (control.type === 'stdin-end') writing = writing.then(() => stdin.end())
    // A signal waits for no input: the program may be one that reads none.
    if (control.type === 'signal') channel.send([encodeSignal(stream, control.signal)])
  }
  const takeControls = async () => {
    writing = stdin.write(Buffer.from(program.stdin), over.signal)
    if (!program.interactive && !hasNoInput) writing = writing.then(() => stdin.end())
    const incoming = controls[Symbol.asyncIterator]()
    over.signal.addEventListener('abort', () => void incoming.return?.(), {
      once: true,
    })
    for (let next = await incoming.next(); !next.done && !over.signal.aborted; next = await incoming.next()) {
      obey(next.value)
    }
  }

  channel.listen(stream, OUTPUT_WINDOW_BYTES, hear)
  try {
    channel.send([
      ...encodeFiles(stream, program.files),
      encodeExec(stream, request, settings),
      ...(hasNoInput ? [encodeEndOfStdin(stream)] : []),
    ])
    giveUp(PROGRAM_START_TIMEOUT_MS, 'The agent began no program')
    takeControls().catch((error) => channel.close(error))
    if (signal.aborted) cancel()
    else
      signal.addEventListener('abort', cancel, {
        once: true,
        signal: over.signal,
      })

    for await (const event of events) {
      if (event.type === 'output') {
        yield { type: 'output', stream: event.stream, bytes: event.bytes }
        consumed += event.bytes.length
        if (consumed >= CREDIT_LUMP_BYTES) {
          channel.giveCredit(stream, consumed)
          consumed = 0
        }
      } else if (event.type === 'exited') {
        yield toEnded(intent, event.report, limits)
        return
      } else if (event.type === 'failed') {
        if (intent === undefined)
          throw new SandboxFailure('The sandbox came to an end before its program', {
            cause: event.error,
            programStarted,
            ranOver,
          })
        yield toEnded(intent, { ...NO_REPORT, wallMs: performance.now() - started }, limits)
        return
      }
    }
  } finally {
    clearTimeout(overdue)
    over.abort(RUN_ENDED)
  }
}

/** Where the agent itself had to be given up there is nothing to report but the time. */
const NO_REPORT: ExitReport = {
  code: null,
  signal: null,
  wallMs: 0,
  cpuMs: 0,
  peakMemoryBytes: null,
  oomKilled: false,
  limit: null,
  hits: [],
}
