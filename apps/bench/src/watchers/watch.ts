import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { CLOSE, createFrameReader, PONG } from './frame-reader.ts'

const HEADERS_END = '\r\n\r\n'

export interface Watcher {
  /** Resolves when the server has agreed to the upgrade. */
  readonly opened: Promise<void>
  /** Resolves when the connection has ended, for any reason. */
  readonly closed: Promise<void>
}

/** A WebSocket that only listens. */
export const watch = (url: URL, onText: (payload: Buffer) => void): Watcher => {
  const socket = connect(Number(url.port), url.hostname).setNoDelay()
  const opened = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<void>()
  const read = createFrameReader({
    onText,
    onPing: () => socket.write(PONG),
    onClose: () => socket.end(CLOSE),
  })
  let isOpen = false
  let headers = ''
  socket.on('data', (chunk) => {
    if (isOpen) return read(chunk)
    headers += chunk.toString('latin1')
    const end = headers.indexOf(HEADERS_END)
    if (end < 0) return
    if (!headers.startsWith('HTTP/1.1 101')) return socket.destroy(new Error(headers.slice(0, 200)))
    isOpen = true
    opened.resolve()
    const frames = Buffer.from(headers.slice(end + HEADERS_END.length), 'latin1')
    if (frames.length > 0) read(frames)
  })
  socket.on('error', opened.reject)
  socket.on('close', () => {
    opened.reject(new Error('The connection was closed before it was open'))
    closed.resolve()
  })
  // When the server ends the connection, there is nothing more to send.
  socket.on('end', () => socket.end())
  socket.write(
    [
      `GET ${url.pathname} HTTP/1.1`,
      `Host: ${url.host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ].join('\r\n') + HEADERS_END,
  )
  return { opened: opened.promise, closed: closed.promise }
}
