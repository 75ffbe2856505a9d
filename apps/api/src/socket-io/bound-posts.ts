import type { IncomingMessage } from 'node:http'
import { RequestError } from '@runnel/contract/public'
import type { FastifyRequest } from 'fastify'
import { tenantOrAddress } from '../access/caller.ts'
import { CLIENT_GONE } from '../errors/framework-errors.ts'
import { SUBMISSION_BYTES } from '../input-bounds.ts'
import { type InputTurns, LARGE_BYTES } from '../input-turns.ts'
import { tooLarge } from './guard-sockets.ts'
import type { Handshake } from './handshakes.ts'

/** What separates the packets in one body. JSON cannot have it. */
const SEPARATOR = 0x1e
/** A client sends what has come up while its last request was on its way. */
const PACKETS_PER_POST = 100

const tooManyPackets = (): RequestError =>
  new RequestError('too-many-requests', `Cannot take more than ${PACKETS_PER_POST} messages in one request`)

/** engine.io reads all packets of a body at once, so the size and number of them are bounded while it comes. */
export const boundPost = (request: IncomingMessage, handshake: Handshake, inputTurns: InputTurns): void => {
  let bytes = 0
  let packets = 1
  const refuse = (error: RequestError): void => {
    request.destroy()
    handshake.refuse(error)
  }
  request.on('data', (chunk: Buffer) => {
    if (request.destroyed) return
    bytes += chunk.length
    for (
      let at = chunk.indexOf(SEPARATOR);
      at !== -1 && packets <= PACKETS_PER_POST;
      at = chunk.indexOf(SEPARATOR, at + 1)
    ) {
      packets += 1
    }
    if (bytes > SUBMISSION_BYTES) refuse(tooLarge())
    else if (packets > PACKETS_PER_POST) refuse(tooManyPackets())
  })
  request.once('end', () => {
    if (bytes <= LARGE_BYTES) return
    const startedAt = performance.now()
    setImmediate(() => inputTurns.chargeLarge(performance.now() - startedAt))
  })
}

/** Infinite if it comes in chunks. */
const bodyBytes = ({ headers }: FastifyRequest): number => Number(headers['content-length'] ?? Number.POSITIVE_INFINITY)

/** Waits for the turn of a body, as for other routes. Throws if it is too large. */
export const admitPost = async (
  request: FastifyRequest,
  handshake: Handshake,
  inputTurns: InputTurns,
): Promise<void> => {
  const bytes = bodyBytes(request)
  if (bytes > SUBMISSION_BYTES && Number.isFinite(bytes)) {
    handshake.refuse(tooLarge())
    throw tooLarge()
  }
  if (bytes > LARGE_BYTES) await inputTurns.take(tenantOrAddress(handshake.request), bytes)
  if (request.raw.socket.destroyed) throw new RequestError(...CLIENT_GONE)
}
