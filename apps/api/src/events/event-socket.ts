import { RequestError } from '@runnel/contract/public'
import type { LogEntry } from '@runnel/operations'
import type { FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { logFault } from '../errors/error-answers.ts'
import { toErrorBody, toRequestError } from '../errors/to-request-error.ts'
import type { InputTurns } from '../input-turns.ts'
import { cutSocket } from './cut-socket.ts'
import { paceReads } from './read-pace.ts'
import { createSocketWriter, keepAlive } from './socket-writer.ts'
import { toTextFrame } from './text-frame.ts'

const DONE = 1000
const BROKEN = 1011
/** A client with a mistake sees it long before. */
const REFUSED_MESSAGES = 100
const TOO_MANY = `Nothing is read from this socket, and it sent more than ${REFUSED_MESSAGES} messages`

/** Sends one job's events on a WebSocket, each as a frame, then closes it. When the server stops, `closeSockets` closes it. */
export const runEventSocket = async (
  socket: WebSocket,
  request: FastifyRequest,
  follow: () => Promise<AsyncIterable<LogEntry>>,
  options: {
    heartbeatMs: number
    signal: AbortSignal
    toFrame: (entry: LogEntry) => Buffer
    sharesFrames: boolean
    inputTurns: InputTurns
    tenant: string
  },
): Promise<void> => {
  const { heartbeatMs, signal, toFrame, sharesFrames, inputTurns, tenant } = options
  paceReads(socket, request.raw.socket, { inputTurns, tenant: () => tenant })
  const writer = createSocketWriter(socket, request.raw.socket, sharesFrames)
  const sendError = (error: RequestError): Promise<void> | undefined =>
    writer.send(toTextFrame(JSON.stringify({ type: 'error', ...toErrorBody(error, request.id) })))
  keepAlive(socket, request.raw.socket, heartbeatMs)
  let messages = 0
  socket.on('message', () => {
    if (socket.readyState !== socket.OPEN) return
    messages += 1
    if (messages > REFUSED_MESSAGES) return cutSocket(socket, TOO_MANY)
    if (writer.isBehind) return
    const message = 'Nothing is read from this socket; use GET /v1/stream, or POST /v1/jobs/:id/stdin'
    void sendError(new RequestError('invalid-request', message))
  })
  try {
    for await (const entry of await follow()) await writer.send(toFrame(entry))
    if (!signal.aborted) writer.close(DONE)
  } catch (error) {
    if (signal.aborted) return
    const fault = toRequestError(error)
    logFault(request.log, fault, request.id)
    await sendError(fault)
    writer.close(BROKEN)
  }
}
