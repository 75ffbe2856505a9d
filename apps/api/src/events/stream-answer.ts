import { pipeline } from 'node:stream/promises'
import type { LogEntry } from '@runnel/output/subscriber'
import type { FastifyReply } from 'fastify'
import type { EventFormat } from './event-format.ts'
import { HEARTBEAT, withHeartbeat } from './heartbeat.ts'

async function* toText(entries: AsyncIterable<LogEntry>, format: EventFormat, heartbeatMs: number) {
  if (format.opening !== '') yield format.opening
  for await (const entry of withHeartbeat(entries, heartbeatMs)) {
    yield entry === HEARTBEAT ? format.heartbeat : format.toText(entry)
  }
}

/**
 * Answers with events as they come. The next one is asked for only when the last one has been taken by the socket, so a
 * client that reads slowly costs one event of memory. A stream that breaks ends without its last chunk, so that a client
 * does not take it for complete.
 */
export const streamAnswer = async (
  reply: FastifyReply,
  entries: AsyncIterable<LogEntry>,
  options: { format: EventFormat; heartbeatMs: number; signal: AbortSignal },
): Promise<void> => {
  const { format, heartbeatMs, signal } = options
  const { raw } = reply.hijack()
  raw.writeHead(200, {
    'content-type': format.contentType,
    'cache-control': 'no-store',
    // Tells nginx, and what follows its custom, to pass every event on at once.
    'x-accel-buffering': 'no',
  })
  raw.flushHeaders()
  try {
    await pipeline(toText(entries, format, heartbeatMs), raw)
  } catch (error) {
    if (!signal.aborted) reply.log.error({ err: error, requestId: reply.request.id }, 'A stream of events broke')
  }
}
