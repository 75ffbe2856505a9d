import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'

/** The commands that Redis gets from now on, as lines of MONITOR. Read from a socket: a client of ours may confuse them with answers. */
export const watchCommands = async (redisUrl: string): Promise<Disposable & { readonly lines: string[] }> => {
  const { hostname, port } = new URL(redisUrl)
  const socket = connect(Number(port), hostname)
  const lines: string[] = []
  const reader = createInterface(socket).on('line', (line) => lines.push(line))
  socket.write('MONITOR\r\n')
  await once(reader, 'line')
  return { lines, [Symbol.dispose]: () => socket.destroy() }
}
