import { COMMAND, type Outcome, RequestError, type Usage } from '@runnel/contract/public'
import type { Call, HeldCommand } from '@runnel/gateway/server'
import { type HeldSandbox, StartRefusal } from '@runnel/sandbox'
import { type CommandRequest, type CommandState, toArgv, toFacts } from './command-state.ts'
import { createOutputRing, type OutputRing } from './output-ring.ts'
import { toRefusal } from './sandbox-tasks.ts'

/** Finished ones that are kept, so that their last output and their outcome can be asked for. */
const KEPT_FINISHED = 32

/** As a shell says of a program that cannot be started. */
const NOT_STARTED: Outcome = { type: 'exited', exitCode: 126 }

/** Takes what a command prints, then how it ended. */
export interface OutputTaker {
  write(stream: 'stdout' | 'stderr', bytes: Buffer): Promise<void> | void
  end(outcome: Outcome, usage: Usage | null): Promise<void>
}

export interface SandboxCommands {
  /** Resolves when it runs. Throws a RequestError if it cannot be started. */
  start(request: CommandRequest, input: Call['body'] | undefined, taker: OutputTaker): Promise<CommandState>
  /** The same in the background, with a ring. */
  startInBackground(request: CommandRequest, input: Call['body'] | undefined): Promise<CommandState>
  /** Throws `command-not-found`. */
  find(id: string): CommandState
  list(): readonly HeldCommand[]
  /** Resolves when all have ended, with what they printed. */
  allEnded(): Promise<unknown>
}

const intoRing = (ring: OutputRing): OutputTaker => ({
  write: (stream, bytes) => ring.add(stream, bytes),
  end: async () => ring.end(),
})

/** The commands and terminals of one sandbox, newest last. */
export const createSandboxCommands = (options: {
  readonly held: HeldSandbox
  readonly workDir: string
  /** Why the sandbox failed under a command. */
  readonly toFailedOutcome: (error: unknown) => Promise<Outcome>
}): SandboxCommands => {
  const { held, workDir, toFailedOutcome } = options
  const all = new Map<string, CommandState>()

  const forgetOldest = (): void => {
    const finished = [...all].filter(([, { outcome }]) => outcome !== undefined)
    for (const [id] of finished.slice(0, Math.max(0, finished.length - KEPT_FINISHED))) all.delete(id)
  }

  const feed = async (state: CommandState, input: Call['body'], staysOpen: boolean): Promise<void> => {
    for await (const part of input) await state.process.write(part)
    if (staysOpen) return
    state.isInputOpen = false
    state.process.end()
  }

  const startWith = async (
    request: CommandRequest,
    input: Call['body'] | undefined,
    taker: OutputTaker,
    ring?: OutputRing,
  ): Promise<CommandState> => {
    if (all.has(request.commandId)) throw new RequestError('invalid-request', 'There is a command with this id already')
    const facts = toFacts(request, workDir, new Date())
    const hasNoInput = input === undefined && !request.interactive
    const process = held.start({
      argv: toArgv(request),
      cwd: facts.cwd,
      env: request.env,
      hasNoInput,
      terminal: request.terminal,
      wallMs: request.timeoutMs,
      cpuMs: null,
      outputBytes: request.outputBytes,
    })
    let pid: number | undefined
    let end: { readonly outcome: Outcome; readonly usage: Usage | null; readonly at: Date } | undefined

    const follow = async (): Promise<void> => {
      try {
        for await (const { stream, bytes } of process.output) await taker.write(stream, bytes)
        end = { ...(await process.exit), at: new Date() }
      } catch (error) {
        process.stop()
        const outcome = error instanceof StartRefusal ? NOT_STARTED : await toFailedOutcome(error)
        end = { outcome, usage: null, at: new Date() }
      }
      await taker.end(end.outcome, end.usage)
      forgetOldest()
    }

    const ended = follow()
    // Who does not wait for it need not handle it. What fails here is logged by the taker.
    ended.catch(() => {})
    const state: CommandState = {
      process,
      ring,
      ended,
      isInputOpen: !hasNoInput,
      hasTerminal: request.terminal !== undefined,
      get outcome() {
        return end?.outcome
      },
      get usage() {
        return end?.usage
      },
      describe: () => ({
        ...facts,
        ...(pid === undefined ? {} : { pid }),
        ...(end === undefined
          ? { status: 'running' }
          : { status: 'finished', finishedAt: end.at.toISOString(), outcome: end.outcome, usage: end.usage }),
      }),
    }
    all.set(request.commandId, state)
    try {
      pid = await process.pid
    } catch (error) {
      // Otherwise the sandbox has ended: then the gateway says so.
      if (!(error instanceof StartRefusal)) return state
      all.delete(request.commandId)
      await ended
      throw toRefusal(error)
    }
    if (input !== undefined) feed(state, input, request.interactive).catch(() => process.end())
    return state
  }

  return {
    start: (request, input, taker) => startWith(request, input, taker),
    startInBackground(request, input) {
      const ring = createOutputRing(COMMAND.ringBytes)
      return startWith(request, input, intoRing(ring), ring)
    },
    find(id) {
      const found = all.get(id)
      if (found !== undefined) return found
      throw new RequestError('command-not-found', 'The sandbox has no command with this id')
    },
    list: () => [...all.values()].map(({ describe }) => describe()).toReversed(),
    allEnded: () => Promise.allSettled([...all.values()].map(({ ended }) => ended)),
  }
}
