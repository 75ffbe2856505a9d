import { setTimeout as delay } from 'node:timers/promises'
import { RequestError } from '@runnel/contract/public'
import { Server as Engine } from 'engine.io'
import { Server } from 'socket.io'
import type { CountStream } from '../access/stream-quota.ts'
import { createRequestId, logFault } from '../errors/error-answers.ts'
import { toErrorBody, toRequestError, toShuttingDown } from '../errors/to-request-error.ts'
import { SUBMISSION_BYTES } from '../input-bounds.ts'
import type { RouteOptions } from '../routes/route-options.ts'
import { CUT_AFTER_MS, closeConnection } from './close-connection.ts'
import { createGuardedServer } from './guard-sockets.ts'
import { createHandshakes, type Handshakes } from './handshakes.ts'
import { identifySocket } from './identify-socket.ts'
import { createPacedEmitter } from './paced-emitter.ts'
import { packetParser } from './packet-parser.ts'
import type { RunServer, RunSocket } from './protocol.ts'
import { runSocket } from './run-socket.ts'

/** How long a client has for its first packet. It sends it as soon as it is connected. */
const IDENTIFY_MS = 10_000

/** The type of a packet with an event, as its first character. */
const EVENT = '2'
/** A client sends two others: it connects and it disconnects. Some are answered, and a client might not read the answers. */
const OTHER_PACKETS = 20

export interface SocketIo {
  readonly engine: Engine
  readonly handshakes: Handshakes
  close(): Promise<void>
}

/**
 * socket.io on our own server:
 *
 *   request ──▶ hooks of the app ──▶ socketIoRoute ──▶ engine.io ──▶ socket.io ──▶ identifySocket ──▶ runSocket
 *                                    (its bounds)      (polls and    (packets)     (who it is)        (its runs)
 *                                                      WebSockets)
 *
 * Neither library listens on the server, so no request reaches them that the hooks have not seen. They keep everything in this
 * process: sockets are not shared over Redis. What a socket shows comes from the event log by the job's id, which every process can
 * read.
 */
export const serveSocketIo = (
  options: Omit<RouteOptions, 'policy' | 'sharesFrames'> & { readonly countStream: CountStream },
): SocketIo => {
  const { heartbeatMs, inputTurns, countStream } = options
  const handshakes = createHandshakes()
  const engine = new Engine({
    pingInterval: heartbeatMs,
    // A client that is behind gets the ping after all that waits for it.
    pingTimeout: 2 * heartbeatMs,
    maxHttpBufferSize: SUBMISSION_BYTES,
    // As for our other answers: it costs processor time, and lets others guess secrets by the size.
    httpCompression: false,
    perMessageDeflate: false,
    wsEngine: createGuardedServer((request) => handshakes.of(request), inputTurns),
  })
  engine.generateId = (request) => handshakes.of(request).sid
  const io: RunServer = new Server({ serveClient: false, connectTimeout: IDENTIFY_MS, parser: packetParser })

  engine.on('connection', (conn: RunSocket['conn']) => {
    const handshake = handshakes.of(conn.request)
    handshakes.open(handshake)
    conn.once('close', () => handshakes.close(handshake))
    let others = 0
    conn.on('data', (packet: unknown) => {
      if (typeof packet === 'string' && packet.startsWith(EVENT)) return
      others += 1
      if (others > OTHER_PACKETS) conn.close(true)
    })
  })
  io.bind(engine)

  const admit = async (socket: RunSocket): Promise<void> => {
    const { conn } = socket
    const handshake = handshakes.of(conn.request)
    const caller = await identifySocket(handshake, socket.handshake.auth, options)
    if (conn.readyState !== 'open') throw new RequestError('invalid-request', 'The client has gone')
    countStream(caller, conn)
    handshakes.identify(handshake)
    socket.data = { caller, handshake, emitter: createPacedEmitter(socket), isConnected: Promise.withResolvers() }
    await runSocket(socket, options)
  }

  /**
   * Sends the client the reason. A client that got one does not try again, so with 503, which passes, its connection is only
   * closed.
   */
  const refuse = (socket: RunSocket, error: unknown, next: (error: Error) => void): void => {
    const handshake = handshakes.of(socket.conn.request)
    const fault = toRequestError(error)
    const data = toErrorBody(fault, createRequestId()).error
    logFault(handshake.request.log, fault, data.requestId)
    if (fault.status !== 503) next(Object.assign(new Error(data.message), { data }))
    closeConnection(socket.conn, handshake)
  }

  io.use((socket, next) => {
    admit(socket).then(
      () => next(),
      (error: unknown) => refuse(socket, error, next),
    )
  })

  io.on('connection', (socket) => socket.data.isConnected.resolve())

  return {
    engine,
    handshakes,
    async close() {
      const data = toErrorBody(toShuttingDown(), createRequestId()).error
      const emitters = [...io.sockets.sockets.values()].map((socket) => socket.data.emitter)
      for (const emitter of emitters) emitter.emit(['execution_error', { ...data, jobId: null }])
      const late = new AbortController()
      await Promise.race([
        Promise.all(emitters.map((emitter) => emitter.untilFlushed())),
        delay(CUT_AFTER_MS, undefined, { signal: late.signal }).catch(() => {}),
      ])
      late.abort()
      await io.close()
    },
  }
}
