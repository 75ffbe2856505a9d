import type { WebSocket } from 'ws'
import type { Admissions } from './admissions.ts'
import type { Caller } from './caller.ts'

/** As 401, where there is no status to answer: the key is no longer good. */
const UNAUTHORIZED = 4401
/** For the client's own close frame. */
const FAREWELL_MS = 1_000

/** Closes the socket when its caller's key is revoked or expires. */
export const dismissWithKey = (admissions: Admissions, caller: Caller, socket: WebSocket): void => {
  const watching = admissions.watch(caller, () => {
    socket.close(UNAUTHORIZED, 'The key is no longer good')
    setTimeout(() => socket.terminate(), FAREWELL_MS).unref()
  })
  socket.once('close', () => watching[Symbol.dispose]())
}
