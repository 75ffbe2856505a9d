import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'

/** `1339518083.107412 [0 127.0.0.1:60866] "keys" "*"` */
const WORD = /"((?:[^"\\]|\\.)*)"/g

/**
 * Calls `onCommand` with the words of each command that Redis runs from now on, those of scripts too. The connection is our own,
 * because the monitor of ioredis fails when a command comes in the same packet as the answer to MONITOR.
 */
export const watchCommands = async (
  redisUrl: string,
  onCommand: (command: string, ...args: string[]) => void,
): Promise<Disposable> => {
  const { hostname, port } = new URL(redisUrl)
  const socket = connect(Number(port), hostname)
  const lines = createInterface({ input: socket })
  const isWatching = once(lines, 'line')
  socket.write('MONITOR\r\n')
  await isWatching
  lines.on('line', (line) => {
    const [command = '', ...args] = [...line.matchAll(WORD)].map(([, word = '']) => word)
    onCommand(command.toLowerCase(), ...args)
  })
  return { [Symbol.dispose]: () => socket.destroy() }
}
