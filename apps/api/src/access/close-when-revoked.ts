import type { WebSocket } from 'ws'
import type { Caller } from './caller.ts'
import type { CallerDirectory } from './caller-directory.ts'

/** The same as 401 over HTTP: the key is no longer valid. */
const UNAUTHORIZED = 4401
/** How long to wait for the client's close frame. */
const CLOSE_FRAME_TIMEOUT_MS = 1_000

/** Closes the socket when its caller's key or session ends. */
export const closeWhenRevoked = (callers: CallerDirectory, caller: Caller, socket: WebSocket): void => {
  const watching = callers.watch(caller, () => {
    socket.close(UNAUTHORIZED, caller.sessionId === undefined ? 'The key is no longer valid' : 'The session has ended')
    setTimeout(() => socket.terminate(), CLOSE_FRAME_TIMEOUT_MS).unref()
  })
  socket.once('close', () => watching[Symbol.dispose]())
}
