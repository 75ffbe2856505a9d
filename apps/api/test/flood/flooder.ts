import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

/** What a flooder is asked to do. It runs in a thread of its own, so that it does not slow what it floods. */
export interface Flood {
  readonly url: string
  readonly authorization: string
  /** The request that begins each connection: its first line without `HTTP/1.1`. */
  readonly target: string
  /**
   * socket     the target is a WebSocket, and `bytes` are sent on it again and again
   * requests   `bytes` are a body, which each request has. The next one is sent when it is answered
   * pipeline   the same, and nothing waits for an answer
   */
  readonly kind: 'socket' | 'requests' | 'pipeline'
  readonly connections: number
  /** Sent once, at first. The flood begins with the answer that has `until`. */
  readonly opening: Uint8Array
  readonly until: string
  readonly bytes: Uint8Array
  readonly reads: boolean
}

const flood: Flood = workerData
const { hostname, port, host } = new URL(flood.url)
const common = [`Host: ${host}`, `Authorization: ${flood.authorization}`]
const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
const toRequest = (headers: readonly string[]): string =>
  `${[`${flood.target} HTTP/1.1`, ...common, ...headers].join('\r\n')}\r\n\r\n`
const toBody = (): Buffer =>
  Buffer.concat([
    Buffer.from(toRequest(['Content-Type: application/json', `Content-Length: ${flood.bytes.byteLength}`])),
    flood.bytes,
  ])
const small = flood.kind === 'pipeline' ? toBody() : Buffer.alloc(0)
/** What each write has: small requests and frames are sent many at a time. */
const piece =
  flood.kind === 'pipeline' ? Buffer.concat(Array(Math.ceil(65_536 / small.length)).fill(small)) : flood.bytes

/** A client that was cut comes back, but not in a tight loop: connections are not what is flooded here. */
const AGAIN_MS = 100

const open = new Set<Socket>()
let isFlooding = false

const write = (socket: Socket): void => {
  while (!socket.destroyed && socket.write(piece));
}

const start = (): void => {
  const socket = connect(Number(port), hostname)
  open.add(socket)
  let answers = ''
  const flow = (): void => {
    parentPort?.postMessage('flooding')
    if (!flood.reads) socket.pause()
    socket.on('drain', () => write(socket))
    write(socket)
  }
  socket.once('connect', () => {
    if (flood.kind === 'requests') {
      parentPort?.postMessage('flooding')
      socket.write(toBody())
    } else if (flood.kind === 'pipeline') flow()
    else {
      socket.write(toRequest([...upgrade, `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`]))
      socket.write(flood.opening)
    }
  })
  socket.on('data', (answer) => {
    const text = answer.toString('latin1')
    if (flood.kind === 'requests') {
      if (text.startsWith('HTTP/1.1')) socket.write(toBody())
    } else if (flood.kind === 'socket' && !answers.includes(flood.until)) {
      answers += text
      if (answers.includes(flood.until)) flow()
    }
  })
  socket.on('error', () => {})
  socket.once('close', () => {
    open.delete(socket)
    parentPort?.postMessage('closed')
    setTimeout(() => isFlooding && start(), AGAIN_MS)
  })
}

parentPort?.on('message', async (wanted: 'flood' | 'rest') => {
  isFlooding = wanted === 'flood'
  if (isFlooding) {
    for (let n = 0; n < flood.connections; n += 1) start()
    return
  }
  const closed = [...open].map((socket) => once(socket, 'close'))
  for (const socket of open) socket.resetAndDestroy()
  await Promise.all(closed)
  parentPort?.postMessage('resting')
})
