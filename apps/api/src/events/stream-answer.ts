import type { Receive } from '@runnel/output/subscriber'
import type { FastifyReply } from 'fastify'
import type { EventFormat } from './event-format.ts'
import { countTakenBytes } from './taken-bytes.ts'
import { untilDrained } from './until-drained.ts'

/**
 * Answers with events as they come, and a heartbeat wherever there was silence. The next event is asked for only when
 * the last one has been taken by the socket, so a client that reads slowly costs one event of memory, and one that has
 * taken nothing from one heartbeat to the next is gone. A stream that breaks ends without its last chunk, so that a client does not take it for complete.
 */
export const streamAnswer = async (
  reply: FastifyReply,
  follow: (receive: Receive) => Promise<void>,
  options: { format: EventFormat; heartbeatMs: number; signal: AbortSignal },
): Promise<void> => {
  const { format, heartbeatMs, signal } = options
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
  try {
    await follow((entry) => {
      heartbeat.refresh()
      return raw.write(format.toText(entry)) ? undefined : untilDrained(raw)
    })
    raw.end()
  } catch (error) {
    raw.destroy()
    if (!signal.aborted) reply.log.error({ err: error, requestId: reply.request.id }, 'A stream of events broke')
  } finally {
    clearInterval(heartbeat)
  }
}
