import { eventIdSchema } from '@runnel/contract/public'
import type { FastifyRequest } from 'fastify'
import { toInvalidRequest } from '../errors/invalid-request.ts'

/** Where to start. An EventSource repeats its URL when it reconnects, so its last id counts more than `after`. */
export const readAfter = (request: FastifyRequest, after: string | undefined): string | undefined => {
  const lastEventId = request.headers['last-event-id']
  if (lastEventId === undefined || lastEventId === '') return after
  const read = eventIdSchema.safeParse(lastEventId)
  if (!read.success) throw toInvalidRequest(read.error, 'Last-Event-ID')
  return read.data
}
