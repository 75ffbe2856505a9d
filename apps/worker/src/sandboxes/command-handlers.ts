import { RequestError, readEventId, type SignalName, toChunk } from '@runnel/contract/public'
import type { Answered, Handlers } from '@runnel/gateway/server'
import type { Publisher } from '@runnel/output/publisher'
import type { Logger } from '@runnel/process'
import type { History } from '@runnel/registry'
import type { CommandState } from './command-state.ts'
import { createRunLog } from './run-log.ts'
import type { SandboxCommands } from './sandbox-commands.ts'

type CommandActs =
  | 'start-command'
  | 'commands'
  | 'command'
  | 'command-events'
  | 'stdin'
  | 'stdin-end'
  | 'signal'
  | 'resize'
  | 'end-command'

const requireRunning = (command: CommandState): CommandState => {
  if (command.outcome === undefined) return command
  throw new RequestError('command-finished', 'The command has finished')
}

const requireInput = (command: CommandState): CommandState => {
  if (requireRunning(command).isInputOpen) return command
  throw new RequestError(
    'stdin-closed',
    'The command takes no input: start it with `interactive`, before its input ended',
  )
}

/** The events of a background command, from its ring. Their ids are as those of a job that was taken once. */
async function* readEvents(
  command: CommandState,
  after: number,
  options: { readonly follow: boolean; readonly signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const { id: jobId, startedAt } = command.describe()
  const line = (n: number, at: string, body: object) =>
    Buffer.from(`${JSON.stringify({ jobId, id: `1-${n}`, at, ...body })}\n`)
  const { ring } = command
  if (ring === undefined) return
  if (after < 1) yield line(1, startedAt, { type: 'started' })
  for await (const piece of ring.read(after, options)) {
    if ('first' in piece) {
      yield line(piece.last, new Date().toISOString(), { type: 'dropped', first: `1-${piece.first}` })
    } else {
      yield line(piece.n, piece.at, { type: piece.stream, ...toChunk(piece.bytes) })
    }
  }
  const { finishedAt, outcome, usage } = command.describe()
  if (finishedAt === undefined || after > ring.last) return
  yield line(ring.last + 1, finishedAt, { type: 'finished', outcome, usage: usage ?? null })
}

/** What can be asked of the commands of one sandbox. `use` keeps the sandbox from being idle until its answer is called. */
export const createCommandHandlers = (parts: {
  readonly commands: SandboxCommands
  readonly use: () => () => void
  readonly publisher: Publisher
  readonly history: Pick<History, 'find' | 'endCommands'>
  readonly log: Logger
}): Pick<Handlers, CommandActs> => {
  const { commands, use } = parts

  const within = async (ms: number, ended: Promise<void>, signal: AbortSignal): Promise<void> => {
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => resolve(), { once: true })
    await Promise.race([ended, late]).finally(() => clearTimeout(timer))
  }

  return {
    async 'start-command'({ waitMs, ...request }, { body, hasBody, signal }): Promise<Answered<'start-command'>> {
      const input = hasBody ? body : undefined
      if (request.background) {
        const command = await commands.startInBackground(request, input)
        return { answer: command.describe() }
      }
      const { commandId: id, terminal } = request
      const runLog = createRunLog(parts, { id, terminal, collects: waitMs > 0 })
      const command = await commands.start(request, input, runLog)
      const release = use()
      command.ended.then(release, release)
      if (waitMs > 0) await within(waitMs, command.ended, signal)
      if (command.outcome === undefined || waitMs === 0) return { answer: command.describe() }
      await command.ended
      const { stdout, stderr, truncated } = runLog.collected
      const output = { stdoutBytes: stdout.length, truncated }
      return { answer: { ...command.describe(), output }, body: Buffer.concat([stdout, stderr]) }
    },
    commands: async () => ({ answer: { commands: [...commands.list()] } }),
    command: async ({ commandId }) => ({ answer: commands.find(commandId).describe() }),
    async 'command-events'({ commandId, after, follow }, { signal }) {
      const command = commands.find(commandId)
      const n = after === undefined ? 0 : readEventId(after)
      const from = typeof n === 'number' ? n : n.attempt === 0 ? 0 : n.n
      return { answer: {}, body: readEvents(command, from, { follow, signal }) }
    },
    async stdin({ commandId }, { body }) {
      const command = requireInput(commands.find(commandId))
      for await (const part of body) await command.process.write(part)
      return { answer: {} }
    },
    async 'stdin-end'({ commandId }) {
      const command = requireInput(commands.find(commandId))
      command.isInputOpen = false
      command.process.end()
      return { answer: {} }
    },
    async signal({ commandId, signal }: { readonly commandId: string; readonly signal: SignalName }) {
      requireRunning(commands.find(commandId)).process.signal(signal)
      return { answer: {} }
    },
    async resize({ commandId, cols, rows }) {
      const command = requireRunning(commands.find(commandId))
      if (!command.hasTerminal)
        throw new RequestError('no-terminal', 'The command has no terminal: start it with `tty`')
      command.process.resize({ cols, rows })
      return { answer: {} }
    },
    async 'end-command'({ commandId }) {
      const command = commands.find(commandId)
      if (command.outcome === undefined) command.process.stop()
      return { answer: command.describe() }
    },
  }
}
