import type { JobEvent, Outcome, SignalName, Usage } from '../contract.ts'
import { RunnelApiError, RunnelConnectionError } from '../errors.ts'
import { type FollowOptions, follow } from '../follow.ts'
import type { CallOptions } from '../jobs.ts'
import { createStreamText, KEEP_BYTES } from '../stream-text.ts'
import type { CommandInfo } from './contract.ts'
import type { Place } from './place.ts'

export interface OutputOptions extends Pick<FollowOptions, 'onConnection' | 'giveUpAfterMs'> {
  /** Text of stdout as it is printed. A piece is not a line. A callback that returns a promise is waited for. */
  readonly onStdout?: ((text: string) => unknown) | undefined
  readonly onStderr?: ((text: string) => unknown) | undefined
  /** How much of each stream the result keeps, in bytes of UTF-8. Default 8 MiB. The callbacks get everything. */
  readonly keepBytes?: number | undefined
}

export interface CommandResult {
  readonly id: string
  /** null if it did not exit by itself: `outcome` says how it ended. */
  readonly exitCode: number | null
  readonly outcome: Outcome
  /** null if it never started. */
  readonly usage: Usage | null
  /** As text: bytes that are not UTF-8 are U+FFFD. */
  readonly stdout: string
  readonly stderr: string
  /** There was more output than was kept. */
  readonly truncated: boolean
}

/** A command that runs, or ran. It goes on when nobody holds a handle. */
export interface CommandHandle {
  readonly id: string
  /** Its process id in the sandbox; undefined if it could not be started. */
  readonly pid: number | undefined
  /**
   * Resolves when it has ended. `onStdout` and `onStderr` get all output that is kept, from the start: the last MiB of a
   * command in the background. May be called again, also after the end.
   */
  wait(options?: OutputOptions & CallOptions): Promise<CommandResult>
  /** Its events after the one with the id `after`, each once and in order, until `finished`. */
  events(options?: Omit<FollowOptions, 'transport'>): AsyncGenerator<JobEvent, void>
  /** Writes to standard input, up to 1 MiB at once. Resolves when the program has taken it. */
  sendStdin(data: string | Uint8Array, options?: CallOptions): Promise<void>
  /** Ends standard input. */
  closeStdin(options?: CallOptions): Promise<void>
  signal(signal: SignalName, options?: CallOptions): Promise<void>
  /** Of a command with `tty`. */
  resize(size: { readonly cols: number; readonly rows: number }, options?: CallOptions): Promise<void>
  /** Ends it with all that it started. False if it had ended already. */
  kill(options?: CallOptions): Promise<boolean>
}

const COMMAND_ID = /^[\w-]{1,128}$/

/** The path of a command, from its sandbox. */
export const commandPath = (id: string, rest = ''): string => {
  if (!COMMAND_ID.test(id)) throw new TypeError(`Cannot use ${JSON.stringify(id)} as the id of a command`)
  return `/commands/${id}${rest}`
}

export const toExitCode = (outcome: Outcome): number | null => (outcome.type === 'exited' ? outcome.exitCode : null)

/** Reads the events to the end. */
const readOutput = async (
  id: string,
  events: AsyncIterable<JobEvent>,
  { onStdout, onStderr, keepBytes = KEEP_BYTES }: OutputOptions,
): Promise<CommandResult> => {
  const stdout = createStreamText(keepBytes, onStdout)
  const stderr = createStreamText(keepBytes, onStderr)
  let isDropped = false
  for await (const event of events) {
    if (event.type === 'stdout') await stdout.add(event)
    else if (event.type === 'stderr') await stderr.add(event)
    else if (event.type === 'dropped') isDropped = true
    else if (event.type === 'finished') {
      await stdout.end()
      await stderr.end()
      const { outcome, usage } = event
      const truncated = stdout.isCut || stderr.isCut || isDropped
      return { id, exitCode: toExitCode(outcome), outcome, usage, stdout: stdout.kept, stderr: stderr.kept, truncated }
    }
  }
  throw new RunnelConnectionError(`The events of ${id} ended before \`finished\``)
}

export const createHandle = (place: Place, { id, pid }: Pick<CommandInfo, 'id' | 'pid'>): CommandHandle => {
  const ask = (rest: string, body: unknown, { signal }: CallOptions = {}) =>
    place.request<void>('POST', commandPath(id, rest), { body, signal })
  const target = { id, path: place.pathOf(commandPath(id, '/events')) }
  const events = (options: FollowOptions = {}) => follow(place.link, target, { ...options, transport: 'ndjson' })
  return {
    id,
    pid,
    events,
    wait: ({ onConnection, giveUpAfterMs, signal, ...output } = {}) =>
      readOutput(id, events({ onConnection, giveUpAfterMs, signal }), output),
    sendStdin(data, { signal } = {}) {
      const body = typeof data === 'string' ? new TextEncoder().encode(data) : data
      return place.request('POST', commandPath(id, '/stdin'), { body, signal })
    },
    closeStdin: (options) => ask('/stdin', { end: true }, options),
    signal: (signal, options) => ask('/signal', { signal }, options),
    resize: ({ cols, rows }, options) => ask('/resize', { cols, rows }, options),
    kill: ({ signal } = {}) => killCommand(place, id, signal),
  }
}

export const killCommand = async (place: Place, id: string, signal: AbortSignal | undefined): Promise<boolean> => {
  try {
    const { status } = await place.request<CommandInfo>('GET', commandPath(id), { signal })
    if (status === 'finished') return false
    await place.request('DELETE', commandPath(id), { signal })
    return true
  } catch (error) {
    if (error instanceof RunnelApiError && error.code === 'command-not-found') return false
    throw error
  }
}
