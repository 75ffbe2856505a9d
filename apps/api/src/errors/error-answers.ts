import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { RequestError } from '@runnel/contract/public'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { findAllowedMethods, type RouteTable } from './route-table.ts'
import { toErrorBody, toRequestError } from './to-request-error.ts'

export const createRequestId = (): string => `req_${randomUUID().replaceAll('-', '')}`

/** Our own faults, once, where they stop. What a caller did wrong is the caller's to know. */
export const logFault = (log: FastifyBaseLogger, error: RequestError, requestId: string): void => {
  if (error.code === 'internal') log.error({ err: error.cause, requestId }, 'A request failed')
}

/** Every answer of 400 and above that a route, a hook or Fastify itself causes. */
export const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
  const refusal = toRequestError(error)
  logFault(request.log, refusal, request.id)
  const retryAfterMs = refusal.retryAfterMs ?? (refusal.status === 503 ? 1_000 : undefined)
  if (retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(retryAfterMs / 1_000)))
  // A body that was not read to its end would be taken for the next request.
  if (refusal.status === 413) reply.header('connection', 'close')
  // What is refused before the WebSocket plugin sees it has nobody else to end it.
  if (request.headers.upgrade !== undefined) reply.raw.once('finish', () => request.raw.socket.destroySoon())
  reply
    .code(refusal.status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(toErrorBody(refusal, request.id))
}

/** No route of this URL, or none for this method. */
export const answerUnknownRoute =
  (routes: RouteTable) =>
  (request: FastifyRequest, reply: FastifyReply): void => {
    const [path = ''] = request.url.split('?', 1)
    const allowed = findAllowedMethods(routes, path)
    if (allowed.length === 0) {
      answerError(
        new RequestError('not-found', 'There is nothing at this URL; see /docs for what there is'),
        request,
        reply,
      )
      return
    }
    reply.header('allow', allowed.join(', '))
    const message = `Cannot ${request.method} this URL: it answers ${allowed.join(', ')}`
    answerError(new RequestError('method-not-allowed', message), request, reply)
  }

/** Ends a connection on which there is no answer to be made by the usual way. */
const refuseConnection = (socket: Duplex, message: string): void => {
  const body = JSON.stringify(toErrorBody(new RequestError('invalid-request', message), createRequestId()))
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

/** What is not even HTTP, or took too long to be it: there is no request yet, only a socket. */
export const answerUnreadable = (_error: Error, socket: Socket): void => {
  if (!socket.writable || socket.bytesWritten > 0) socket.destroy()
  else refuseConnection(socket, 'Cannot read the request: it is not valid HTTP, or came too slowly')
}

/** A WebSocket that was asked for in a way that is none. */
export const answerHandshake = (_error: Error, socket: Duplex): void =>
  refuseConnection(socket, 'Cannot open a WebSocket: send the handshake of RFC 6455, version 13, with a good key')
