import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { within } from './within.ts'

/** A TCP connection, for bytes that need not be valid HTTP. */
export interface RawConnection extends Disposable {
  readonly socket: Socket
  /** Everything received, when the server has closed the connection or `until` has come. */
  read(options: { withinMs: number; until?: RegExp }): Promise<string>
}

export const openRawConnection = async (url: string): Promise<RawConnection> => {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1')
  })
  // A server that refuses closes while the client still writes.
  socket.on('error', () => {})
  await once(socket, 'connect')
  const untilCome = async (until: RegExp | undefined): Promise<string> => {
    while (!socket.closed && until?.test(received) !== true) {
      await Promise.race([once(socket, 'data'), once(socket, 'close')]).catch(() => {})
    }
    return received
  }
  return {
    socket,
    read: ({ withinMs, until }) => within(withinMs, untilCome(until)),
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

/** The bodies of all answers in this text, each with its status. */
export const readAnswers = (received: string): { status: number; body: string }[] =>
  received
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter((answer) => answer !== '')
    .map((answer) => ({
      status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]),
      body: answer.slice(answer.indexOf('\r\n\r\n') + 4),
    }))
