import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { countTakenBytes } from './taken-bytes.ts'
import { readPayload } from './text-frame.ts'
import { untilDrained } from './until-drained.ts'

/** With more than this waiting in a socket, its sender has to wait. */
const BUFFERED_BYTES = 256 * 1024

export interface SocketWriter {
  /** The client reads too slowly. Frames that can be left out should be. */
  readonly isBehind: boolean
  /** Sends one frame at once. If the client is behind, returns a promise that resolves when it has caught up or is gone. */
  send(frame: Buffer): Promise<void> | undefined
  /** Closes the socket after everything that was sent. */
  close(code: number): void
}

/**
 * Sends finished frames on a WebSocket. With `sharesFrames` they are written straight to its connection, so that one
 * frame goes to many sockets as it is; `text-frame.ts` says what that gains. Without it, `ws` frames each payload anew.
 *
 * `ws` does everything else: the handshake, reading, pings, closing. Both write only whole frames into the same stream,
 * and nothing is compressed (`perMessageDeflate` is off), so their frames can be mixed in any order. Nothing may follow a
 * close frame.
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
 * Pings the client, and cuts the connection if the last ping is not answered when the next one is due. A client that is
 * behind gets the ping late, after all frames that wait for it. It counts as alive while it reads any of them.
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
  const answered = (): void => {
    isAnswered = true
  }
  socket.on('pong', answered)
  // A pong can wait behind many frames of its client.
  socket.on('message', answered)
  socket.once('close', () => clearInterval(timer))
}
