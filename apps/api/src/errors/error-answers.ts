import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { RequestError } from '@runnel/contract/public'
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { codeOf, isBrokenOff, NOT_HTTP, PARSER_ERRORS } from './framework-errors.ts'
import { findAllowedMethods, type RouteTable } from './route-table.ts'
import { toErrorBody, toRequestError } from './to-request-error.ts'

export const createRequestId = (): string => `req_${randomUUID().replaceAll('-', '')}`

/** Logs our own faults, once. Mistakes of callers are only in the answer. */
export const logFault = (log: FastifyBaseLogger, error: RequestError, requestId: string): void => {
  if (error.code === 'internal') log.error({ err: error.cause, requestId }, 'A request failed')
}

/** Sends every error (400 and above) that a route, a hook or Fastify itself causes. */
export const answerError = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
  const refusal = toRequestError(error, request.routeOptions.bodyLimit)
  logFault(request.log, refusal, request.id)
  const retryAfterMs = refusal.retryAfterMs ?? (refusal.status === 503 ? 1_000 : undefined)
  if (retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(retryAfterMs / 1_000)))
  // The rest of a body that was not read would be parsed as the next request. That of a streamed one is read and dropped.
  if (refusal.status === 413 && request.routeOptions.config?.streamsBody !== true) reply.header('connection', 'close')
  // An upgrade that is refused before the WebSocket plugin sees it stays open unless we close it.
  if (request.headers.upgrade !== undefined) reply.raw.once('finish', () => request.raw.socket.destroySoon())
  reply
    .code(refusal.status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(toErrorBody(refusal, request.id))
}

/** There is no route for this URL (404), or none for this method (405). */
export const answerUnknownRoute =
  (routes: RouteTable) =>
  (request: FastifyRequest, reply: FastifyReply): void => {
    const [path = ''] = request.url.split('?', 1)
    const allowed = findAllowedMethods(routes, path)
    // A route that finds nothing behind its URL comes here too.
    if (allowed.length === 0 || allowed.includes(request.method)) {
      answerError(new RequestError('not-found', 'There is nothing at this URL; see /docs for all URLs'), request, reply)
      return
    }
    reply.header('allow', allowed.join(', '))
    const message = `Cannot ${request.method} this URL: it answers ${allowed.join(', ')}`
    answerError(new RequestError('method-not-allowed', message), request, reply)
  }

/** Answers and closes the connection, where Fastify has no request to answer. */
export const refuseConnection = (socket: Duplex, error: RequestError): void => {
  const body = JSON.stringify(toErrorBody(error, createRequestId()))
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

/** For input that is not HTTP, or comes too slowly: there is no request yet, only a socket. */
export const answerUnreadable = (error: Error, socket: Socket): void => {
  if (!socket.writable || socket.bytesWritten > 0 || isBrokenOff(error)) socket.destroy()
  else refuseConnection(socket, new RequestError('invalid-request', PARSER_ERRORS[codeOf(error) ?? ''] ?? NOT_HTTP))
}

/** For a WebSocket handshake that is not valid. */
export const answerHandshake = (_error: Error, socket: Duplex): void =>
  refuseConnection(
    socket,
    new RequestError(
      'invalid-request',
      'Cannot open a WebSocket: send the handshake of RFC 6455, version 13, with a valid key',
    ),
  )
