import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyRequest } from 'fastify'
import type { WebSocket, WebSocketServer } from 'ws'
import { codeOf, isBrokenOff } from '../errors/framework-errors.ts'

/** "Service restart": the client should connect again and continue after the last event that it has. */
const RESTARTING = 1012
const BROKEN = 1011
/** How long to wait for the client's close frame. */
const CLOSE_FRAME_TIMEOUT_MS = 1_000

/** Ends every open WebSocket. */
export const closeSockets = async ({ clients }: WebSocketServer): Promise<void> => {
  const open = [...clients]
  if (open.length === 0) return
  const closed = open.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())))
  for (const socket of open) socket.close(RESTARTING, 'The server restarts: connect again')
  const stopped = new AbortController()
  await Promise.race([
    Promise.all(closed),
    delay(CLOSE_FRAME_TIMEOUT_MS, undefined, { signal: stopped.signal }).catch(() => {}),
  ])
  stopped.abort()
  for (const socket of open) socket.terminate()
}

/** For a frame that breaks the protocol, `ws` closes the socket with the right code. Any other error is our fault. */
export const onSocketError = (error: Error, socket: WebSocket, request: FastifyRequest): void => {
  if (isBrokenOff(error) || codeOf(error)?.startsWith('WS_ERR_')) return
  request.log.error({ err: error, requestId: request.id }, 'A WebSocket failed')
  socket.close(BROKEN)
}
