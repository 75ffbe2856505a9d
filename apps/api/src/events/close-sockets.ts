import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import type { WebSocket, WebSocketServer } from 'ws'

/** "Service restart": the client is to connect again and go on after the last event it has. */
const RESTARTING = 1012
const BROKEN = 1011
/** For the client's own close frame; one that does not answer is gone already. */
const FAREWELL_MS = 1_000

/** Ends every open WebSocket. */
export const closeSockets = async ({ clients }: WebSocketServer): Promise<void> => {
  const open = [...clients]
  if (open.length === 0) return
  const closed = open.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())))
  for (const socket of open) socket.close(RESTARTING, 'The server restarts: connect again')
  const enough = new AbortController()
  await Promise.race([Promise.all(closed), delay(FAREWELL_MS, undefined, { signal: enough.signal }).catch(() => {})])
  enough.abort()
  for (const socket of open) socket.terminate()
}

/** A frame that breaks the protocol closes its socket by itself, with the code that says why; anything else is our fault. */
export const onSocketError = (error: Error, socket: WebSocket, request: FastifyRequest): void => {
  const isClients = 'code' in error && typeof error.code === 'string' && /^(?:WS_ERR_|ECONN|EPIPE)/.test(error.code)
  if (isClients) return
  request.log.error({ err: error, requestId: request.id }, 'A WebSocket failed')
  socket.close(BROKEN)
}
