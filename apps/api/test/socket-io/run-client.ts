import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'

export interface RunClient {
  readonly socket: Socket
  /** Everything that came: the name of the event and its argument. */
  readonly events: [string, Record<string, unknown>][]
  /** The text of each `execution_output`. */
  readonly lines: () => unknown[]
  readonly named: (name: string) => Record<string, unknown>[]
}

type Options = Partial<ManagerOptions & SocketOptions>

/** The real client, with nothing shared between two of them. It does not connect again by itself unless asked to. */
const createRunClient = (url: string, resources: AsyncDisposableStack, options: Options): RunClient => {
  const socket = io(url, { forceNew: true, reconnection: false, ...options })
  resources.defer(() => void socket.close())
  const events: [string, Record<string, unknown>][] = []
  socket.onAny((name, argument) => events.push([name, argument]))
  const named = (name: string) => events.flatMap(([one, argument]) => (one === name ? [argument] : []))
  return { socket, events, named, lines: () => named('execution_output').map(({ output }) => output) }
}

/** The first argument of the next event of this name. */
export const untilEvent = (socket: Socket, name: 'connect' | 'disconnect'): Promise<unknown> =>
  new Promise((resolve) => socket.once(name, resolve))

/** A client that is connected. */
export const connectClient = async (
  url: string,
  resources: AsyncDisposableStack,
  options: Options = {},
): Promise<RunClient> => {
  const client = createRunClient(url, resources, options)
  const refused = Promise.withResolvers<never>()
  client.socket.once('connect_error', refused.reject)
  await Promise.race([untilEvent(client.socket, 'connect'), refused.promise])
  return client
}

/** Why a client is not connected: the error that its program gets. */
export const refusalOf = async (
  url: string,
  resources: AsyncDisposableStack,
  options: Options = {},
): Promise<{ readonly message: string; readonly data?: Record<string, unknown> }> => {
  const { socket } = createRunClient(url, resources, options)
  const refused = Promise.withResolvers<Error & { readonly data?: Record<string, unknown> }>()
  socket.once('connect_error', refused.resolve)
  socket.once('connect', () => refused.reject(new Error('It was connected')))
  return refused.promise
}
