import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A real network between client and API that can fail: a TCP proxy on a port of its own. */
export interface Gate extends AsyncDisposable {
  readonly url: string
  /** Breaks every connection that is open. New ones work. */
  cut(): void
  /** Breaks every connection, and each new one, until `open`. */
  close(): void
  open(): void
  /** Answers every WebSocket handshake with 403, as some proxies do. */
  refuseSockets(): void
  /** Breaks the connection of the next answer: the API has done what was asked, but the client does not learn it. */
  loseAnswer(): void
  readonly connections: number
}

const REFUSAL = 'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'

export const openGate = async (apiUrl: string): Promise<Gate> => {
  const target = new URL(apiUrl)
  const sockets = new Set<Socket>()
  let isClosed = false
  let refusesSockets = false
  let losesAnswer = false
  const server = createServer((client) => {
    if (isClosed) {
      client.destroy()
      return
    }
    const upstream = connect(Number(target.port), target.hostname)
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', () => {
        sockets.delete(socket)
        end()
      })
    }
    client.on('data', (bytes) => {
      if (refusesSockets && /^upgrade: websocket/im.test(bytes.toString('latin1'))) client.end(REFUSAL)
      else if (!upstream.write(bytes)) {
        client.pause()
        upstream.once('drain', () => client.resume())
      }
    })
    upstream.on('data', (bytes) => {
      if (losesAnswer) {
        losesAnswer = false
        end()
      } else if (!client.write(bytes)) {
        upstream.pause()
        client.once('drain', () => upstream.resume())
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    cut,
    close() {
      isClosed = true
      cut()
    },
    open() {
      isClosed = false
    },
    refuseSockets() {
      refusesSockets = true
    },
    loseAnswer() {
      losesAnswer = true
    },
    get connections() {
      return sockets.size / 2
    },
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
