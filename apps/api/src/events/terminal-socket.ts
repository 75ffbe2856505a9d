import { RequestError, type TerminalServerFrame, terminalClientFrameSchema } from '@runnel/contract/public'
import type { OpenTerminal } from '@runnel/operations'
import type { FastifyRequest } from 'fastify'
import type { RawData, WebSocket } from 'ws'
import { logFault } from '../errors/error-answers.ts'
import { toInvalidRequest } from '../errors/invalid-request.ts'
import { safeParse } from '../errors/safe-parse.ts'
import { toErrorBody, toRequestError } from '../errors/to-request-error.ts'
import { cutSocket } from './cut-socket.ts'
import { keepAlive } from './socket-writer.ts'
import { untilDrained } from './until-drained.ts'

const DONE = 1000
const BROKEN = 1011
/** With more than this waiting for the client, nothing more is read from the terminal. */
const BUFFERED_BYTES = 256 * 1024
/** A client with a mistake sees it long before. */
const REFUSED_MESSAGES = 100

const toBuffer = (data: RawData): Buffer => {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}

const readFrame = (data: RawData) => {
  let value: unknown
  try {
    value = JSON.parse(toBuffer(data).toString())
  } catch {
    value = undefined
  }
  const read = safeParse(terminalClientFrameSchema, value)
  if (!read.success) throw toInvalidRequest(read.error, 'the message')
  return read.data
}

/**
 * One terminal on one WebSocket.
 *
 *   1. nothing is read from the client until the terminal is open
 *   2. binary messages go to the terminal; while it takes no more, the client is not read
 *   3. what it shows goes to the client; while the client takes no more, the terminal is not read. The worker keeps the last part
 *   4. the program ends: `finished`, then 1000. The sandbox or the worker is lost: `error`, then 1011
 */
export const runTerminalSocket = async (
  socket: WebSocket,
  request: FastifyRequest,
  open: () => Promise<OpenTerminal>,
  { heartbeatMs, signal }: { readonly heartbeatMs: number; readonly signal: AbortSignal },
): Promise<void> => {
  const connection = request.raw.socket
  const tell = (frame: TerminalServerFrame): void => socket.send(JSON.stringify(frame))
  const tellError = (error: RequestError): void => {
    logFault(request.log, error, request.id)
    socket.send(JSON.stringify({ type: 'error', ...toErrorBody(error, request.id) }))
  }
  let refused = 0
  socket.pause()
  keepAlive(socket, connection, heartbeatMs)
  try {
    const terminal = await open()
    const { id, pid, isNew, stream } = terminal
    tell({ type: 'ready', id, pid, isNew })

    const take = async (data: RawData, isBinary: boolean): Promise<void> => {
      if (isBinary) {
        if (stream.write(toBuffer(data))) return
        socket.pause()
        await untilDrained(stream)
        if (socket.readyState === socket.OPEN) socket.resume()
      } else await terminal.resize(readFrame(data))
    }
    socket.on('message', (data, isBinary) => {
      if (stream.destroyed || socket.readyState !== socket.OPEN) return
      take(data, isBinary).catch((error: unknown) => {
        refused += 1
        if (refused > REFUSED_MESSAGES) cutSocket(socket, 'Too many messages could not be read')
        else tellError(toRequestError(error))
      })
    })
    socket.resume()
    for await (const bytes of stream) {
      socket.send(bytes, { binary: true })
      if (connection.writableLength >= BUFFERED_BYTES) await untilDrained(connection)
    }
    if (signal.aborted) return
    const outcome = await terminal.outcome()
    if (outcome === undefined) {
      const message = 'The connection to the terminal broke while its program runs: connect again with its id'
      throw new RequestError('gateway-unreachable', message)
    }
    tell({ type: 'finished', outcome })
    socket.close(DONE)
  } catch (error) {
    if (signal.aborted) return
    tellError(toRequestError(error))
    socket.close(BROKEN)
  } finally {
    if (socket.readyState !== socket.CLOSED) socket.resume()
  }
}
