import type { RunSocket, ServerMessage } from './protocol.ts'

/** With more than this waiting for the client, in characters, senders wait. A message counts for its text and its frame. */
const WAITING_CHARACTERS = 256 * 1024
const FRAME_CHARACTERS = 100

export interface PacedEmitter {
  /** Emits at once. If too much waits now, returns a promise that resolves when the client has taken it, or is gone. */
  emit(message: ServerMessage): Promise<void> | undefined
  /** The client reads too slowly. */
  readonly isBehind: boolean
  /** Resolves when nothing waits for the client any more, or when it is gone. */
  untilFlushed(): Promise<void> | undefined
}

/**
 * engine.io keeps messages in memory while the connection is busy (a WebSocket whose last frame the kernel has not taken yet, a
 * client that does not poll), without bound. It hands all of them over with the event `flush`. So a socket costs at most two
 * times the bound: what was handed over last, and what has come since.
 */
export const createPacedEmitter = (socket: RunSocket): PacedEmitter => {
  const { conn } = socket
  let waiting = 0
  let drained: PromiseWithResolvers<void> | undefined
  const release = (): void => {
    waiting = 0
    drained?.resolve()
    drained = undefined
  }
  const untilFlushed = (): Promise<void> | undefined => {
    if (waiting === 0) return undefined
    drained ??= Promise.withResolvers()
    return drained.promise
  }
  conn.on('flush', release)
  conn.once('close', release)
  return {
    get isBehind() {
      return waiting >= WAITING_CHARACTERS
    },
    emit(message) {
      if (socket.disconnected) return undefined
      const [name, event] = message
      waiting += FRAME_CHARACTERS + (name === 'execution_output' ? event.output.length : 0)
      socket.emit(name, event)
      return waiting < WAITING_CHARACTERS ? undefined : untilFlushed()
    },
    untilFlushed,
  }
}
