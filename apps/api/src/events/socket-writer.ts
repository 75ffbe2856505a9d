import type { WebSocket } from 'ws'

/** What may wait in a socket before whoever writes has to wait too. */
const BUFFERED_BYTES = 256 * 1024

/** Sends one frame. Resolves at once while the client keeps up, and when the frame has left us when it does not. */
export const sendText = (socket: WebSocket, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.send(text, (error) => (error ? reject(error) : resolve()))
    if (socket.bufferedAmount < BUFFERED_BYTES) resolve()
  })

/** Whether the client is so far behind that what need not be sent is better left out. */
export const isBehind = (socket: WebSocket): boolean => socket.bufferedAmount >= BUFFERED_BYTES

/** Pings, and gives up on a client that has not answered the last ping when the next one is due. */
export const keepAlive = (socket: WebSocket, everyMs: number): void => {
  let isAnswered = true
  const timer = setInterval(() => {
    if (!isAnswered) return socket.terminate()
    isAnswered = false
    socket.ping()
  }, everyMs)
  socket.on('pong', () => {
    isAnswered = true
  })
  socket.once('close', () => clearInterval(timer))
}
