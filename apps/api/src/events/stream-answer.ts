import type { FastifyReply } from 'fastify'
import { logFault } from '../errors/error-answers.ts'
import { toErrorBody, toRequestError, toShuttingDown } from '../errors/to-request-error.ts'
import type { EventFormat, StreamedEvent } from './event-format.ts'
import { countTakenBytes } from './taken-bytes.ts'
import { untilDrained } from './until-drained.ts'

/**
 * Answers with events as they come, and with heartbeats during silence.
 *
 * - The next event is read only when the socket has taken the last one, so a slow client costs one event of memory.
 * - A client that takes nothing from one heartbeat to the next is gone.
 * - If a client vanishes without closing, only the kernel can notice: it buffers the heartbeats until it gives up waiting
 *   for their acknowledgment. HTTP has no pong.
 * - A stream that ends before `finished` says why, and then ends without its last chunk. No client can mistake it for a
 *   complete one. If the sandbox has ended, it is complete: it says so, and ends as usual.
 */
export const streamAnswer = async (
  reply: FastifyReply,
  events: AsyncIterable<StreamedEvent>,
  options: { format: EventFormat; heartbeatMs: number; signal: AbortSignal; closing: AbortSignal },
): Promise<void> => {
  const { format, heartbeatMs, signal, closing } = options
  const common = reply.getHeaders()
  const { raw } = reply.hijack()
  // The headers that every answer has: which page may read it, and what a browser may not do with it.
  for (const [name, value] of Object.entries(common)) if (value !== undefined) raw.setHeader(name, value)
  raw.writeHead(200, {
    'content-type': format.contentType,
    'cache-control': 'no-store',
    // Makes nginx, and proxies that know this header, pass on every event at once.
    'x-accel-buffering': 'no',
  })
  // The client closes just before a write. `signal` aborts then too.
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
    if (fault.code === 'sandbox-ended') raw.end(format.toError(json))
    else raw.write(format.toError(json), () => raw.destroy())
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
