import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

/** What a flooder is asked to do. It runs in a thread of its own, so that it does not slow what it floods. */
export interface Flood {
  readonly url: string
  readonly authorization: string
  /** The request that begins each connection: its first line without `HTTP/1.1`. */
  readonly target: string
  /** `socket`: the target is a WebSocket and `bytes` are sent on it. `requests`: `bytes` are a body, which each request has. */
  readonly kind: 'socket' | 'requests'
  readonly connections: number
  /** Sent once, at first. The flood begins with the answer that has `until`. */
  readonly opening: Uint8Array
  readonly until: string
  /** Sent again and again, as fast as the connection takes it. */
  readonly bytes: Uint8Array
  readonly reads: boolean
}

const flood: Flood = workerData
const { hostname, port, host } = new URL(flood.url)
const common = [`Host: ${host}`, `Authorization: ${flood.authorization}`]
const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
const toRequest = (headers: readonly string[]): string =>
  `${[`${flood.target} HTTP/1.1`, ...common, ...headers].join('\r\n')}\r\n\r\n`

/** A client that was cut comes back, but not in a tight loop: connections are not what is flooded here. */
const AGAIN_MS = 100

const begin = (socket: Socket): void => {
  if (flood.kind === 'socket') {
    socket.write(toRequest([...upgrade, `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`]))
    return
  }
  const headers = ['Content-Type: application/json', `Content-Length: ${flood.bytes.byteLength}`]
  socket.write(toRequest(headers))
}

const open = (): void => {
  const socket = connect(Number(port), hostname)
  const write = (): void => {
    if (flood.kind === 'requests') {
      begin(socket)
      socket.write(flood.bytes)
      return
    }
    while (!socket.destroyed && socket.write(flood.bytes));
  }
  let answers = ''
  const flow = (): void => {
    parentPort?.postMessage('flooding')
    if (!flood.reads) socket.pause()
    socket.on('drain', write)
    write()
  }
  socket.once('connect', () => {
    begin(socket)
    socket.write(flood.opening)
    if (flood.kind === 'requests') socket.write(flood.bytes)
  })
  socket.on('data', (answer) => {
    const text = answer.toString('latin1')
    if (flood.kind === 'requests') {
      parentPort?.postMessage('flooding')
      // The next request when this one is answered.
      if (text.startsWith('HTTP/1.1')) write()
    } else if (!answers.includes(flood.until)) {
      answers += text
      if (answers.includes(flood.until)) flow()
    }
  })
  socket.on('error', () => {})
  socket.once('close', () => {
    parentPort?.postMessage('closed')
    setTimeout(open, AGAIN_MS)
  })
}

for (let n = 0; n < flood.connections; n += 1) open()
