import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { countTakenBytes } from './taken-bytes.ts'
import { readPayload } from './text-frame.ts'
import { untilDrained } from './until-drained.ts'

/** What may wait in a socket before its sender has to wait too. */
const BUFFERED_BYTES = 256 * 1024

export interface SocketWriter {
  /** The client is so far behind that what need not be sent is better left out. */
  readonly isBehind: boolean
  /** Sends one frame at once. Gives a promise if the client is behind: it resolves when it has caught up, or is gone. */
  send(frame: Buffer): Promise<void> | undefined
  /** After all that was sent. */
  close(code: number): void
}

/**
 * Sends finished frames on a WebSocket. With `sharesFrames` they are written straight to its connection, so that one
 * frame goes to many sockets as it is; `text-frame.ts` says what that gains. Without it, `ws` frames each payload anew.
 *
 * All else stays with `ws`: the handshake, reading, pings, closing. Both write only whole frames into the same stream,
 * and nothing is packed (`perMessageDeflate` is off), so frames of the two can follow each other in any order. Only after
 * a close frame nothing may follow.
 */
export const createSocketWriter = (socket: WebSocket, connection: Socket, sharesFrames: boolean): SocketWriter => {
  let drained: Promise<void> | undefined
  let gone: Promise<void> | undefined
  const isBehind = (): boolean => connection.writableLength >= BUFFERED_BYTES
  const untilCaughtUp = (): Promise<void> => {
    drained ??= untilDrained(connection).finally(() => {
      drained = undefined
    })
    return drained
  }
  const untilGone = (): Promise<void> | undefined => {
    if (socket.readyState === socket.CLOSED) return undefined
    gone ??= new Promise((resolve) => socket.once('close', () => resolve()))
    return gone
  }
  return {
    get isBehind() {
      return isBehind()
    },
    send(frame) {
      // After a close frame, a sender waits for the end.
      if (socket.readyState !== socket.OPEN) return untilGone()
      if (sharesFrames) connection.write(frame)
      else socket.send(readPayload(frame), { binary: false })
      return isBehind() ? untilCaughtUp() : undefined
    },
    close: (code) => socket.close(code),
  }
}

/**
 * Pings, and cuts a client that has not answered the last ping when the next one is due. A client that is behind gets the
 * ping late, after all that waits for it. As long as it takes any of that, it is alive.
 */
export const keepAlive = (socket: WebSocket, connection: Socket, everyMs: number): void => {
  let isAnswered = true
  let takenBefore: number | undefined
  const timer = setInterval(() => {
    const taken = countTakenBytes(connection)
    const isTaking = takenBefore !== undefined && taken > takenBefore
    if (!isAnswered && !isTaking) return socket.terminate()
    takenBefore = connection.writableLength === 0 ? undefined : taken
    isAnswered = false
    socket.ping()
  }, everyMs)
  socket.on('pong', () => {
    isAnswered = true
  })
  socket.once('close', () => clearInterval(timer))
}
