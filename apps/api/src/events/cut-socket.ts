import type { WebSocket } from 'ws'

/** RFC 6455: a message that violates the policy of the server. */
const POLICY_VIOLATION = 1008
/** How long a client has to read why. */
const CLOSE_FRAME_TIMEOUT_MS = 1_000

/** Closes the socket of a client that sends what nobody should, and reads nothing more from it. `reason`: at most 123 bytes. */
export const cutSocket = (socket: WebSocket, reason: string): void => {
  socket.close(POLICY_VIOLATION, reason)
  socket.pause()
  setTimeout(() => socket.terminate(), CLOSE_FRAME_TIMEOUT_MS).unref()
}
