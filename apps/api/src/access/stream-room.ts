import { RequestError } from '@runnel/contract/public'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { callerOf } from './caller.ts'

/** Takes room for a stream of events, a WebSocket or an answer, until it closes; throws where its tenant has too many. */
export type TakeStreamRoom = (request: FastifyRequest, reply: FastifyReply) => void

/** Counts what is open on this server, by tenant. */
export const createStreamRoom = (maximum: number): TakeStreamRoom => {
  const open = new Map<string, number>()
  return (request, reply) => {
    const { id } = callerOf(request).tenant
    const count = open.get(id) ?? 0
    if (count >= maximum) {
      throw new RequestError(
        'too-many-subscriptions',
        `Cannot open another stream: ${maximum} of this tenant's are open here, and no more may be; close some, or follow many jobs on one WebSocket with GET /v1/stream`,
      )
    }
    open.set(id, count + 1)
    const stream = request.ws ? request.raw.socket : reply.raw
    stream.once('close', () => {
      const left = (open.get(id) ?? 1) - 1
      if (left === 0) open.delete(id)
      else open.set(id, left)
    })
  }
}
