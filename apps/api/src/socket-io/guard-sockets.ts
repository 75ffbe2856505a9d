import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { PROGRAM, RequestError } from '@runnel/contract/public'
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws'
import { tenantOrAddress } from '../access/caller.ts'
import { paceReads } from '../events/read-pace.ts'
import { SOCKET_OPTIONS } from '../events/socket-options.ts'
import { SUBMISSION_BYTES } from '../input-bounds.ts'
import { type InputTurns, LARGE_BYTES } from '../input-turns.ts'
import type { Handshake } from './handshakes.ts'

export const tooLarge = (): RequestError =>
  new RequestError(
    'payload-too-large',
    `Cannot take more than ${SUBMISSION_BYTES} bytes in one message; a program may have ${PROGRAM.sourceBytes} bytes of source`,
  )

/**
 * socket.io does at once what a message asks for, so a client is held back after each message until its turn has come
 * (`input-turns.ts`). What `ws` has read by then still comes, one frame in each turn of the loop.
 *
 * `ws` would close the socket of a message that is too large without a sentence. So it has no bound of its own: the bytes are counted
 * here, and the client gets the reason before more of them are read.
 */
const guardSocket = (websocket: WebSocket, connection: Duplex, handshake: Handshake, inputTurns: InputTurns): void => {
  const tenant = (): string => tenantOrAddress(handshake.request)
  handshake.websocket = websocket
  const pace = paceReads(websocket, connection, { inputTurns, tenant })
  connection.on('data', () => {
    if (pace.messageBytes <= SUBMISSION_BYTES || handshake.isRefused) return
    pace.hold()
    handshake.refuse(tooLarge())
  })
  websocket.on('message', (data) => {
    pace.hold()
    const bytes = Buffer.isBuffer(data) ? data.length : 0
    const startedAt = performance.now()
    setImmediate(() => {
      if (bytes > LARGE_BYTES) inputTurns.chargeLarge(performance.now() - startedAt)
      const turn = inputTurns.take(tenant(), 0)
      if (turn === undefined) pace.release()
      else void turn.then(pace.release)
    })
  })
}

/** The WebSocket server for engine.io: ours, because the other sockets use it too, with `guardSocket` on each socket. */
export const createGuardedServer = (findHandshake: (request: IncomingMessage) => Handshake, inputTurns: InputTurns) =>
  class extends WebSocketServer {
    constructor(options: ServerOptions) {
      super({ ...options, ...SOCKET_OPTIONS, maxPayload: 0 })
    }

    override handleUpgrade(
      request: IncomingMessage,
      connection: Duplex,
      head: Buffer,
      take: (websocket: WebSocket, request: IncomingMessage) => void,
    ): void {
      super.handleUpgrade(request, connection, head, (websocket) => {
        guardSocket(websocket, connection, findHandshake(request), inputTurns)
        take(websocket, request)
      })
    }
  }
