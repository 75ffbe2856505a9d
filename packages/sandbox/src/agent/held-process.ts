import { constants } from 'node:os'
import type { Limits, TerminalSize } from '@runnel/contract/public'
import type { CommandRequest, HeldLimits, HeldOutput, HeldProcess, Task } from '../held-sandbox.ts'
import { SandboxFailure } from '../sandbox.ts'
import { type AgentConnection, StartRefusal, type StreamEvent } from './connection.ts'
import { toOutcome } from './ending.ts'
import { createEventQueue } from './event-queue.ts'
import { encodeJsonFrame, ProtocolError } from './frames.ts'
import { type ExitReport, REQUEST } from './protocol.ts'
import { createStdin, encodeEndOfStdin } from './stdin.ts'

/** Output that was sent and that nobody has read yet. Files flow with more under way, because each answer takes time. */
const WINDOW_BYTES = { command: 256 * 1024, task: 1024 * 1024 }
const CREDIT_PIECE_BYTES = 64 * 1024
/** To start a process. After this much silence the agent, or the engine before it, is stuck. */
const START_TIMEOUT_MS = 10_000
/** An agent that is silent for this long after a limit and its grace is stuck. */
const AGENT_TIMEOUT_MS = 3_000

/** A command or a task, and what both have. */
export type StartRequest = { readonly folder: string } & (
  | (CommandRequest & { readonly env: Readonly<Record<string, string>> })
  | { readonly task: Task; readonly wallMs: number | null }
)

export interface StartSettings {
  /** Closes the connection for this reason unless it is called off in time. It does not run while the sandbox is paused. */
  readonly giveUpAfter: (ms: number, message: string) => () => void
  readonly limits: HeldLimits
  /** Between SIGTERM and SIGKILL. */
  readonly killGraceMs: number
}

const toStart = (request: StartRequest) => {
  const { folder, wallMs } = request
  if ('task' in request) return { task: request.task, folder, wallMs, cpuMs: null, outputBytes: null, terminal: null }
  const { argv, env, cpuMs, outputBytes, terminal } = request
  return { argv, env, folder, wallMs, cpuMs, outputBytes, terminal: terminal ?? null }
}

/** What an outcome may name. A limit that is not set ends nothing. */
const toLimits = (request: StartRequest, limits: HeldLimits): Limits => {
  const { wallMs, cpuMs, outputBytes } = toStart(request)
  return { ...limits, wallMs: wallMs ?? 0, cpuMs: cpuMs ?? 0, outputBytes: outputBytes ?? 0 }
}

/**
 * Starts a command or a task on a stream of its own. Output is taken from it only as fast as it is read here.
 *
 *   EXEC ─▶ DONE: `pid` ─▶ STDOUT, STDERR: `output` ─▶ EXIT: `exit`
 */
export const startHeldProcess = (
  connection: AgentConnection,
  request: StartRequest,
  { limits, killGraceMs, giveUpAfter }: StartSettings,
): HeldProcess => {
  const stream = connection.newStream()
  const windowBytes = WINDOW_BYTES['task' in request ? 'task' : 'command']
  const stdin = createStdin(connection, stream, windowBytes)
  const over = new AbortController()
  const events = createEventQueue<StreamEvent>()
  const pid = Promise.withResolvers<number>()
  const exit = Promise.withResolvers<Awaited<HeldProcess['exit']>>()
  // Whoever does not need one of them need not handle its rejection.
  for (const { promise } of [pid, exit]) promise.catch(() => {})
  const outputBytes = 'task' in request ? null : request.outputBytes
  let printedBytes = 0
  let intent: 'canceled' | undefined
  let callOff = giveUpAfter(START_TIMEOUT_MS, 'The agent did not start a process')
  let writing = Promise.resolve()

  const end = (report: ExitReport) => {
    const { wallMs, cpuMs, peakMemoryBytes } = report
    const outcome = toOutcome({ intent, report, limits: toLimits(request, limits) })
    exit.resolve({ outcome, usage: { wallMs, cpuMs, peakMemoryBytes } })
  }

  const fail = (error: Error) => {
    const reason =
      error instanceof StartRefusal
        ? error
        : new SandboxFailure('The sandbox has ended', { cause: error, programStarted: true })
    pid.reject(reason)
    exit.reject(reason)
  }

  const onEvent = (event: StreamEvent) => {
    switch (event.type) {
      case 'granted':
        return stdin.granted(event.bytes)
      case 'done':
        if (event.pid === undefined)
          return connection.close(new ProtocolError('The agent started a process without id'))
        callOff()
        if (request.wallMs !== null)
          callOff = giveUpAfter(
            request.wallMs + killGraceMs + AGENT_TIMEOUT_MS,
            'The agent let a process run past its wall limit',
          )
        return pid.resolve(event.pid)
      case 'output':
        printedBytes += event.bytes.length
        if (outputBytes !== null && printedBytes > outputBytes)
          return connection.close(new ProtocolError('The agent sent more output than its program may print'))
        return events.push(event)
      case 'exited':
        end(event.report)
        break
      case 'failed':
        fail(event.error)
        break
      default:
        return connection.close(new ProtocolError(`The agent says of a process that it is ${event.type}`))
    }
    callOff()
    over.abort()
    events.push(event)
  }

  async function* readOutput(): AsyncGenerator<HeldOutput> {
    let unpaidBytes = 0
    for await (const event of events) {
      if (event.type !== 'output') {
        await exit.promise // throws why, if it failed
        return
      }
      // Before the bytes are passed on: the next one may free them, and then they have no length.
      unpaidBytes += event.bytes.length
      yield { stream: event.stream, bytes: event.bytes }
      if (unpaidBytes >= CREDIT_PIECE_BYTES) {
        connection.giveCredit(stream, unpaidBytes)
        unpaidBytes = 0
      }
    }
  }

  connection.listen(stream, windowBytes, onEvent)
  const exec = encodeJsonFrame(REQUEST.exec, stream, { ...toStart(request), killGraceMs, credit: windowBytes })
  // In one write: each wakes the engine and the agent.
  connection.send('hasNoInput' in request && request.hasNoInput ? [exec, encodeEndOfStdin(stream)] : [exec])
  const send = (kind: number, value: unknown) => connection.send([encodeJsonFrame(kind, stream, value)])

  return {
    pid: pid.promise,
    output: readOutput(),
    exit: exit.promise,
    write(bytes) {
      writing = writing.then(() => stdin.write(bytes, over.signal))
      return writing
    },
    end() {
      writing = writing.then(() => stdin.end())
    },
    signal: (name) => send(REQUEST.signal, { signal: constants.signals[name] }),
    stop() {
      intent = 'canceled'
      send(REQUEST.signal, { signal: constants.signals.SIGTERM, killGraceMs })
    },
    resize: ({ cols, rows }: TerminalSize) => send(REQUEST.resize, { cols, rows }),
  }
}
