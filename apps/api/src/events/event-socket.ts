import { RequestError } from '@runnel/contract'
import type { LogEntry } from '@runnel/output/subscriber'
import type { FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { logFault } from '../errors/error-answers.ts'
import { toErrorBody, toRequestError } from '../errors/to-request-error.ts'
import { isBehind, keepAlive, sendText } from './socket-writer.ts'

const DONE = 1000
const BROKEN = 1011

/** One job's events on a WebSocket, each a frame, then the end. The server's closing is left to whoever closes it. */
export const runEventSocket = async (
  socket: WebSocket,
  request: FastifyRequest,
  entries: AsyncIterable<LogEntry>,
  options: { heartbeatMs: number; signal: AbortSignal },
): Promise<void> => {
  const { heartbeatMs, signal } = options
  const sendError = (error: RequestError): Promise<void> =>
    sendText(socket, JSON.stringify({ type: 'error', ...toErrorBody(error, request.id) }))
  keepAlive(socket, heartbeatMs)
  socket.on('message', () => {
    if (isBehind(socket)) return
    const message = 'Nothing is read from this socket; use GET /v1/stream, or POST /v1/jobs/:id/stdin'
    sendError(new RequestError('invalid-request', message)).catch(() => {})
  })
  try {
    for await (const { json } of entries) await sendText(socket, json)
    if (!signal.aborted) socket.close(DONE)
  } catch (error) {
    if (signal.aborted) return
    const fault = toRequestError(error)
    logFault(request.log, fault, request.id)
    await sendError(fault).catch(() => {})
    socket.close(BROKEN)
  }
}
