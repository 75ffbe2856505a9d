import type { LogEntry } from '@runnel/operations'
import type { FastifyReply } from 'fastify'
import { logFault } from '../errors/error-answers.ts'
import { toErrorBody, toRequestError, toShuttingDown } from '../errors/to-request-error.ts'
import type { EventFormat } from './event-format.ts'
import { countTakenBytes } from './taken-bytes.ts'
import { untilDrained } from './until-drained.ts'

/**
 * Answers with events as they come, and a heartbeat wherever there was silence. The next event is asked for only when
 * the last one has been taken by the socket, so a client that reads slowly costs one event of memory, and one that has
 * taken nothing from one heartbeat to the next is gone. One that vanished while it read is the kernel's to notice: it takes
 * heartbeats into its buffers until it gives up on their acknowledgment, and HTTP has no pong that could be missed.
 *
 * A stream that ends before `finished` says why, and then ends without its last chunk: no client can take it for complete.
 */
export const streamAnswer = async (
  reply: FastifyReply,
  events: AsyncIterable<LogEntry>,
  options: { format: EventFormat; heartbeatMs: number; signal: AbortSignal; closing: AbortSignal },
): Promise<void> => {
  const { format, heartbeatMs, signal, closing } = options
  const common = reply.getHeaders()
  const { raw } = reply.hijack()
  // What every answer has: which page may read it, and what a browser may not do with it.
  for (const [name, value] of Object.entries(common)) if (value !== undefined) raw.setHeader(name, value)
  raw.writeHead(200, {
    'content-type': format.contentType,
    'cache-control': 'no-store',
    // Tells nginx, and what follows its custom, to pass every event on at once.
    'x-accel-buffering': 'no',
  })
  // A client that goes away just before a write; `signal` says so too.
  raw.on('error', () => {})
  raw.flushHeaders()
  if (format.opening !== '') raw.write(format.opening)
  let takenBefore: number | undefined
  const beat = (): void => {
    const taken = raw.writableNeedDrain && raw.socket !== null ? countTakenBytes(raw.socket) : undefined
    if (taken === undefined) raw.write(format.heartbeat)
    else if (taken === takenBefore) raw.destroy()
    takenBefore = taken
  }
  const heartbeat = setInterval(beat, heartbeatMs)
  let hasFinished = false
  const fail = (error: unknown): void => {
    const fault = toRequestError(error)
    logFault(reply.log, fault, reply.request.id)
    const json = JSON.stringify({ type: 'error', ...toErrorBody(fault, reply.request.id) })
    raw.write(format.toError(json), () => raw.destroy())
  }
  try {
    for await (const entry of events) {
      heartbeat.refresh()
      hasFinished = entry.type === 'finished'
      if (!raw.write(format.toText(entry))) await untilDrained(raw)
    }
    if (closing.aborted && !hasFinished) fail(toShuttingDown())
    else raw.end()
  } catch (error) {
    if (signal.aborted && !closing.aborted) raw.destroy()
    else fail(error)
  } finally {
    clearInterval(heartbeat)
  }
}
