import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { RequestError } from '@runnel/contract/public'
import type { ConnectionHandlers } from '@runnel/gateway/server'
import type { CommandState } from './command-state.ts'
import type { SandboxCommands } from './sandbox-commands.ts'

/** What is shown goes out as fast as this client takes it. What it is too slow for is dropped, and the program goes on. */
const show = async (command: CommandState, stream: Duplex, signal: AbortSignal): Promise<void> => {
  const pieces = command.ring?.read(0, { follow: true, signal })
  if (pieces === undefined) return
  for await (const piece of pieces) {
    if ('first' in piece) continue
    if (!stream.write(piece.bytes)) await once(stream, 'drain', { signal }).catch(() => {})
  }
}

const type = async (command: CommandState, stream: Duplex, touch: () => void): Promise<void> => {
  for await (const bytes of stream) {
    touch()
    await command.process.write(bytes)
  }
}

/**
 * Terminals: commands in the background with a terminal. A client that leaves does not end one; who comes back with its id gets
 * what it showed last, up to the size of its ring.
 */
export const createTerminalHandlers = (options: {
  readonly commands: SandboxCommands
  /** Something was typed. */
  readonly touch: () => void
}): Pick<ConnectionHandlers, 'terminal'> => {
  const { commands, touch } = options

  const start = (request: Parameters<ConnectionHandlers['terminal']>[0]): Promise<CommandState> => {
    const { commandId, cols, rows, cwd, tag, env } = request
    return commands.startInBackground(
      {
        commandId,
        command: '/bin/bash',
        args: ['-l'],
        ...(cwd === undefined ? {} : { cwd }),
        ...(tag === undefined ? {} : { tag }),
        env,
        background: true,
        terminal: { cols, rows },
        interactive: true,
        timeoutMs: null,
        outputBytes: null,
      },
      undefined,
    )
  }

  const join = (request: Parameters<ConnectionHandlers['terminal']>[0]): CommandState => {
    const command = commands.find(request.commandId)
    if (!command.hasTerminal) throw new RequestError('no-terminal', 'The command has no terminal: start it with `tty`')
    if (command.outcome === undefined) command.process.resize({ cols: request.cols, rows: request.rows })
    return command
  }

  return {
    async terminal(request) {
      const { isNew } = request
      const command = isNew ? await start(request) : join(request)
      const { pid } = command.describe()
      if (pid === undefined) throw new RequestError('command-finished', 'The terminal could not be started')
      return {
        answer: { pid, isNew },
        async serve(stream) {
          const left = new AbortController()
          stream.on('close', () => left.abort())
          const typing = type(command, stream, touch).catch(() => {})
          await show(command, stream, left.signal)
          stream.end()
          await typing
        },
      }
    },
  }
}
