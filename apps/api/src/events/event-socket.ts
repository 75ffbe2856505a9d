import { RequestError } from '@runnel/contract/public'
import type { LogEntry } from '@runnel/operations'
import type { FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { logFault } from '../errors/error-answers.ts'
import { toErrorBody, toRequestError } from '../errors/to-request-error.ts'
import { createSocketWriter, keepAlive } from './socket-writer.ts'
import { toTextFrame } from './text-frame.ts'

const DONE = 1000
const BROKEN = 1011

/** Sends one job's events on a WebSocket, each as a frame, then closes it. When the server stops, `closeSockets` closes it. */
export const runEventSocket = async (
  socket: WebSocket,
  request: FastifyRequest,
  events: AsyncIterable<LogEntry>,
  options: {
    heartbeatMs: number
    signal: AbortSignal
    toFrame: (entry: LogEntry) => Buffer
    sharesFrames: boolean
  },
): Promise<void> => {
  const { heartbeatMs, signal, toFrame, sharesFrames } = options
  const writer = createSocketWriter(socket, request.raw.socket, sharesFrames)
  const sendError = (error: RequestError): Promise<void> | undefined =>
    writer.send(toTextFrame(JSON.stringify({ type: 'error', ...toErrorBody(error, request.id) })))
  keepAlive(socket, request.raw.socket, heartbeatMs)
  socket.on('message', () => {
    if (writer.isBehind) return
    const message = 'Nothing is read from this socket; use GET /v1/stream, or POST /v1/jobs/:id/stdin'
    void sendError(new RequestError('invalid-request', message))
  })
  try {
    for await (const entry of events) await writer.send(toFrame(entry))
    if (!signal.aborted) writer.close(DONE)
  } catch (error) {
    if (signal.aborted) return
    const fault = toRequestError(error)
    logFault(request.log, fault, request.id)
    await sendError(fault)
    writer.close(BROKEN)
  }
}
