import { createTextOfStream } from '../chunk.ts'
import type { Chunk } from '../contract.ts'
import type { CallOptions } from '../jobs.ts'
import {
  type CommandHandle,
  type CommandResult,
  commandPath,
  createHandle,
  killCommand,
  type OutputOptions,
  toExitCode,
} from './command-handle.ts'
import type { CommandInfo, CommandRequest } from './contract.ts'
import type { Place } from './place.ts'

export interface CommandOptions extends Omit<CommandRequest, 'command' | 'background'>, OutputOptions {
  /** In the foreground: ends the command, and `run` throws the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

export interface Commands {
  /**
   * Runs a line for the shell, or with `args` a program, to its end. One that fails is a result: look at `exitCode`.
   * With `background` it resolves as soon as the command runs, with a handle.
   *
   * Throws a RunnelApiError if it was refused (410 `sandbox-ended` if the sandbox ends before the command).
   */
  run(command: string, options?: CommandOptions & { readonly background?: false | undefined }): Promise<CommandResult>
  run(command: string, options: CommandOptions & { readonly background: true }): Promise<CommandHandle>
  /** Starts a command and does not wait for its end, in the foreground or in the background. */
  start(command: string, options?: Omit<CommandRequest, 'command'> & CallOptions): Promise<CommandHandle>
  /** A handle of a command that was started before, here or elsewhere. */
  connect(id: string, options?: CallOptions): Promise<CommandHandle>
  /** Those that run, and the last that have ended, terminals too; newest first. */
  list(options?: CallOptions): Promise<CommandInfo[]>
  /** Ends a command with all that it started. False if it had ended, or is not known. */
  kill(id: string, options?: CallOptions): Promise<boolean>
}

/** How long the answer waits for the end of a command. The API allows a minute. */
const WAIT_MS = 60_000
/** Longer than the wait: the answer says that the command still runs. */
const ANSWER_MS = WAIT_MS + 15_000

const toText = (chunk: Chunk): string => {
  const text = createTextOfStream()
  return text.add(chunk) + text.end()
}

/** The result, if the answer has all of it. */
const toResult = ({ id, outcome, usage = null, output }: CommandInfo): CommandResult | undefined => {
  if (outcome === undefined || output === undefined || output.truncated) return undefined
  const { stdout, stderr, dropped = false } = output
  const texts = { stdout: toText(stdout), stderr: toText(stderr) }
  return { id, exitCode: toExitCode(outcome), outcome, usage, ...texts, truncated: dropped }
}

export const createCommands = (place: Place): Commands => {
  const start = (body: CommandRequest, wait: number, signal: AbortSignal | undefined): Promise<CommandInfo> =>
    place.request('POST', '/commands', {
      body,
      signal,
      ...(wait === 0 ? {} : { query: { wait }, timeoutMs: ANSWER_MS }),
    })

  const runToEnd = async (request: CommandRequest, options: CommandOptions): Promise<CommandResult> => {
    const { onStdout, onStderr, keepBytes, onConnection, giveUpAfterMs, signal } = options
    const isLive = onStdout !== undefined || onStderr !== undefined || keepBytes !== undefined
    // With a signal its id is needed at once.
    const info = await start(request, isLive || signal !== undefined ? 0 : WAIT_MS, signal)
    const handle = createHandle(place, info)
    const end = (): void => void handle.kill().catch(() => {})
    signal?.addEventListener('abort', end, { once: true })
    try {
      return (
        toResult(info) ?? (await handle.wait({ onStdout, onStderr, keepBytes, onConnection, giveUpAfterMs, signal }))
      )
    } finally {
      if (signal?.aborted) end()
      signal?.removeEventListener('abort', end)
    }
  }

  function run(
    command: string,
    options?: CommandOptions & { readonly background?: false | undefined },
  ): Promise<CommandResult>
  function run(command: string, options: CommandOptions & { readonly background: true }): Promise<CommandHandle>
  async function run(
    command: string,
    options: CommandOptions & { readonly background?: boolean | undefined } = {},
  ): Promise<CommandResult | CommandHandle> {
    const { onStdout, onStderr, keepBytes, onConnection, giveUpAfterMs, signal, ...request } = options
    signal?.throwIfAborted()
    if (request.background !== true) return runToEnd({ ...request, command }, options)
    const handle = createHandle(place, await start({ ...request, command }, 0, signal))
    // Its end is the handle's to report. What a callback throws ends the reading, not the command.
    if (onStdout !== undefined || onStderr !== undefined)
      handle.wait({ onStdout, onStderr, keepBytes, onConnection, giveUpAfterMs, signal }).catch(() => {})
    return handle
  }

  return {
    run,
    async start(command, { signal, ...request } = {}) {
      return createHandle(place, await start({ ...request, command }, 0, signal))
    },
    async connect(id, { signal } = {}) {
      return createHandle(place, await place.request<CommandInfo>('GET', commandPath(id), { signal }))
    },
    async list({ signal } = {}) {
      const { commands } = await place.request<{ commands: CommandInfo[] }>('GET', '/commands', { signal })
      return commands
    },
    kill: (id, { signal } = {}) => killCommand(place, id, signal),
  }
}
