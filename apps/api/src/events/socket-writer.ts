import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { countTakenBytes } from './taken-bytes.ts'
import { createJoin } from './text-frame.ts'
import { untilDrained } from './until-drained.ts'

/** What may wait in a socket before whoever writes has to wait too. */
const BUFFERED_BYTES = 256 * 1024
/** That much is worth a system call of its own. */
const JOINED_BYTES = 4096

export interface SocketWriter {
  /** Whether the client is so far behind that what need not be sent is better left out. */
  readonly isBehind: boolean
  /** Sends one frame, whole, at once. A promise where the client is behind: resolves when it has caught up, or is gone. */
  send(frame: Buffer): Promise<void> | undefined
  /**
   * Sends it with all else of this turn of the event loop, after what was sent before. For what can be asked for again: a
   * connection that is closed in this very turn, by whomever, is not told any more.
   */
  sendWithTurn(frame: Buffer): Promise<void> | undefined
  /** After all that was sent. */
  close(code: number): void
}

/** All watchers of a job are told the same in the same turn. */
const join = createJoin()

/**
 * Writes finished frames straight to a WebSocket's connection, so that one frame can go to many sockets as it is. Events
 * of one turn of the event loop leave together: most of what a frame costs is the system call, so a process that has many
 * watchers and falls behind tells them several events for the price of one.
 *
 * They are gathered here and not by the stream (`cork`), which makes a list for them however few they are: 150 bytes an
 * event and socket, which V8 may take for long-lived, and which were then half of what a process with a thousand held.
 *
 * All else stays with `ws`: the handshake, reading, pings, closing. Both write only whole frames, and into the same
 * stream, because nothing is packed here (`perMessageDeflate` is off); so frames of the two can follow each other in any
 * order, but for the last one: nothing follows a close frame.
 */
export const createSocketWriter = (socket: WebSocket, connection: Socket): SocketWriter => {
  let gathered: Buffer | undefined
  let drained: Promise<void> | undefined
  let gone: Promise<void> | undefined
  const isOpen = (): boolean => socket.readyState === socket.OPEN
  const writeGathered = (): void => {
    const frames = gathered
    gathered = undefined
    if (frames !== undefined && isOpen()) connection.write(frames)
  }
  const isBehind = (): boolean => connection.writableLength + (gathered?.length ?? 0) >= BUFFERED_BYTES
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
    // After a close frame nothing may follow: whoever would write waits for the end.
    send(frame) {
      if (!isOpen()) return untilGone()
      writeGathered()
      connection.write(frame)
      return isBehind() ? untilCaughtUp() : undefined
    },
    sendWithTurn(frame) {
      if (!isOpen()) return untilGone()
      if (gathered === undefined) setImmediate(writeGathered)
      else if (gathered.length + frame.length > JOINED_BYTES) writeGathered()
      gathered = gathered === undefined ? frame : join(gathered, frame)
      return isBehind() ? untilCaughtUp() : undefined
    },
    close(code) {
      writeGathered()
      socket.close(code)
    },
  }
}

/**
 * Pings, and gives up on a client that has not answered the last ping when the next one is due. To one that is behind the
 * ping comes late, after all that waits for it; as long as it takes any of that, it is alive.
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
