import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { sendAll } from '@runnel/bytes'
import { RequestError } from '@runnel/contract/public'
import {
  ACT_SCHEMAS,
  type ActAnswer,
  type ActName,
  type ActRequest,
  CONNECTION_SCHEMAS,
  type ConnectionAnswer,
  type ConnectionName,
  type ConnectionRequest,
  type HeldCommand,
} from './acts.ts'
import { CLOCKS_DIFFER_MS, createVerifier } from './signature.ts'
import { ANSWER_HEADER, HEADER_BYTES, readPath, toAnswerHeader, toErrorBody, UPGRADE_PROTOCOL } from './wire.ts'

export type { ActAnswer, ActName, ActRequest, ConnectionName, ConnectionRequest, HeldCommand }

/** What comes with a request. */
export interface Call {
  /** The bytes that the API sends. An act that does not take them leaves them alone. */
  readonly body: AsyncIterable<Buffer>
  /** False: the body is known to be empty. */
  readonly hasBody: boolean
  /** Aborts when the API hangs up, or the sandbox is closed. */
  readonly signal: AbortSignal
}

export interface Answered<A extends ActName> {
  readonly answer: ActAnswer<A>
  /** Bytes that are there already, or a stream: read as fast as the API takes it, and for nobody else. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array> | undefined
}

/** What each act does in one sandbox. Throws a RequestError for what the caller has to know. */
export type Handlers = {
  readonly [A in ActName]: (request: ActRequest<A>, call: Call) => Promise<Answered<A>>
}

export interface Connected<C extends ConnectionName> {
  readonly answer: ConnectionAnswer<C>
  /** Gets the connection after the answer was sent. Resolves when the connection is over. */
  readonly serve: (stream: Duplex) => Promise<void>
}

export type ConnectionHandlers = {
  readonly [C in ConnectionName]: (request: ConnectionRequest<C>) => Promise<Connected<C>>
}

/** A sandbox that this worker holds. */
export interface ServedSandbox {
  readonly id: string
  readonly secret: string
  /**
   * Called before each act. Throws a RequestError to refuse it; what it resolves with is called when the answer, with its body, is
   * over. `stop` ends the act before that: it is answered with this error, or cut if its answer has begun.
   */
  readonly begin: (act: ActName | ConnectionName, stop: (why: RequestError) => void) => Promise<() => void>
  readonly handlers: Handlers
  readonly connections: ConnectionHandlers
}

export interface GatewayServer extends AsyncDisposable {
  readonly port: number
  /** Serves the sandbox until this is disposed. Then all its requests and connections are cut. */
  serve(sandbox: ServedSandbox): Disposable
}

interface Log {
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

/** A connection that has sent no complete request within this time is closed. A body may take as long as it needs. */
const HEADERS_TIMEOUT_MS = 10_000

/** One answer for every reason, so that nobody learns which sandboxes are here. */
const REFUSED = JSON.stringify({
  error: 'Refused: the request is not signed with the secret of a sandbox that is here',
})

interface Served extends ServedSandbox {
  readonly verify: ReturnType<typeof createVerifier>
  readonly closed: AbortController
}

const isAct = (name: string): name is ActName => Object.hasOwn(ACT_SCHEMAS, name)
const isConnection = (name: string): name is ConnectionName => Object.hasOwn(CONNECTION_SCHEMAS, name)

const runAct = async <A extends ActName>(
  sandbox: Served,
  act: A,
  request: unknown,
  call: Call,
): Promise<Answered<A>> => {
  const read: ActRequest<A> = ACT_SCHEMAS[act].request.parse(request)
  const handler: Handlers[A] = sandbox.handlers[act]
  return handler(read, call)
}

const runConnection = async <C extends ConnectionName>(
  sandbox: Served,
  name: C,
  request: unknown,
): Promise<Connected<C>> => {
  const read: ConnectionRequest<C> = CONNECTION_SCHEMAS[name].request.parse(request)
  const handler: ConnectionHandlers[C] = sandbox.connections[name]
  return handler(read)
}

/** Who stops reading leaves the connection as it is: the API needs it for the answer, and for what it asks next. */
const readWhileWanted = (request: IncomingMessage): AsyncIterable<Buffer> => ({
  [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }),
})

const isHangUp = (error: unknown): boolean =>
  error instanceof Error &&
  ('code' in error
    ? ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE', 'ABORT_ERR', 'ERR_STREAM_DESTROYED'].includes(
        String(error.code),
      )
    : error.name === 'AbortError')

/**
 * The end of the gateway in a worker: an HTTP server for APIs alone.
 *
 *   signed? ──▶ no: 401, whatever the reason ──▶ closed
 *      └─▶ the act of that sandbox ──▶ 200, its answer in a header, its bytes in the body
 *                                  └─▶ RequestError: its status, and JSON
 */
export const startGatewayServer = async (options: {
  /** Port 0 takes a free one. */
  readonly address: { readonly host: string; readonly port: number }
  /** PEM texts. With them it speaks TLS alone. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  readonly log: Log
}): Promise<GatewayServer> => {
  const { address, tls, log } = options
  const sandboxes = new Map<string, Served>()

  const settings = {
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: 0,
    // The API closes idle connections. If both did, a request could meet a connection that is just closed.
    keepAliveTimeout: 0,
  }
  const server = tls === undefined ? createServer(settings) : createTlsServer({ ...settings, ...tls })

  /** The sandbox and the act of a request that is signed for it. */
  const admit = ({ method = '', url = '', headers }: IncomingMessage) => {
    const path = readPath(url)
    const sandbox = path === undefined ? undefined : sandboxes.get(path.sandboxId)
    if (path === undefined || sandbox === undefined) return undefined
    const verdict = sandbox.verify(method, url, headers)
    if (verdict === 'clocks-differ') {
      const message = `A request was signed more than ${CLOCKS_DIFFER_MS} ms before or after the time of this host: set the clocks of both hosts`
      log.warn({ sandbox: sandbox.id }, message)
      throw new RequestError('gateway-unreachable', message)
    }
    return verdict === 'good' ? { sandbox, act: path.act, request: path.readRequest() } : undefined
  }

  const sendError = (response: ServerResponse, error: unknown, details: object): void => {
    if (response.headersSent || response.destroyed) {
      if (!isHangUp(error)) log.warn({ ...details, err: error }, 'An answer of the gateway was cut')
      response.destroy()
      return
    }
    const known = error instanceof RequestError
    if (!known) log.error({ ...details, err: error }, 'The gateway cannot answer')
    const refusal = known ? error : new RequestError('internal', 'The worker could not do this; its log says why')
    response.writeHead(refusal.status, { 'content-type': 'application/json' })
    response.end(toErrorBody(refusal))
    // The rest of a body is dropped until the API has read this: if the connection were closed now, it might not.
    response.req.resume()
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const admitted = admit(request)
    if (admitted === undefined || !isAct(admitted.act)) {
      response.writeHead(401, { 'content-type': 'application/json', connection: 'close' })
      response.end(REFUSED)
      return
    }
    const { sandbox, act } = admitted
    const hungUp = new AbortController()
    const cut = () => response.destroy()
    const hangUp = () => hungUp.abort()
    response.on('close', hangUp)
    sandbox.closed.signal.addEventListener('abort', cut, { once: true })
    const stopped = Promise.withResolvers<never>()
    const serveAct = async (): Promise<void> => {
      const hasBody = request.headers['content-length'] !== '0'
      const call = { body: readWhileWanted(request), hasBody, signal: hungUp.signal }
      const { answer: told, body } = await runAct(sandbox, act, admitted.request, call)
      if (response.destroyed || response.headersSent) return
      response.writeHead(200, { [ANSWER_HEADER]: toAnswerHeader(told) })
      if (body === undefined || body instanceof Uint8Array) response.end(body)
      else {
        // The first bytes may take a while.
        response.flushHeaders()
        await sendAll(body, response)
      }
      // Nobody listens for it any more, and an abort makes an error with a stack.
      response.off('close', hangUp)
    }
    let release: (() => void) | undefined
    try {
      release = await sandbox.begin(act, stopped.reject)
      await Promise.race([serveAct(), stopped.promise])
    } catch (error) {
      sendError(response, error, { sandbox: sandbox.id, act })
    } finally {
      release?.()
      sandbox.closed.signal.removeEventListener('abort', cut)
    }
  }

  const connect = async (request: IncomingMessage, stream: Duplex): Promise<void> => {
    const admitted = admit(request)
    if (admitted === undefined || !isConnection(admitted.act) || request.headers.upgrade !== UPGRADE_PROTOCOL) {
      stream.end(
        `HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: ${REFUSED.length}\r\n\r\n${REFUSED}`,
      )
      return
    }
    const { sandbox, act } = admitted
    const cut = () => stream.destroy()
    sandbox.closed.signal.addEventListener('abort', cut, { once: true })
    let release: (() => void) | undefined
    try {
      release = await sandbox.begin(act, () => {})
      const { answer: told, serve } = await runConnection(sandbox, act, admitted.request)
      const head = [`upgrade: ${UPGRADE_PROTOCOL}`, 'connection: upgrade', `${ANSWER_HEADER}: ${toAnswerHeader(told)}`]
      stream.write(`HTTP/1.1 101 Switching Protocols\r\n${head.join('\r\n')}\r\n\r\n`)
      await serve(stream)
    } catch (error) {
      const known = error instanceof RequestError
      if (!known) log.error({ sandbox: sandbox.id, act, err: error }, 'The gateway cannot connect')
      const body = toErrorBody(known ? error : new RequestError('internal', 'The worker could not do this'))
      const status = known ? error.status : 500
      stream.write(
        `HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`,
      )
      stream.end(body)
    } finally {
      release?.()
      sandbox.closed.signal.removeEventListener('abort', cut)
    }
  }

  server.on('request', (request, response) => {
    // Its handler learns of it by the response.
    request.on('error', () => {})
    answer(request, response).catch((error: unknown) => sendError(response, error, {}))
  })
  server.on('upgrade', (request, stream) => {
    stream.on('error', () => stream.destroy())
    connect(request, stream).catch((err: unknown) => {
      log.error({ err }, 'The gateway cannot connect')
      stream.destroy()
    })
  })
  server.listen(address.port, address.host)
  await once(server, 'listening')
  const bound = server.address()

  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    serve(sandbox) {
      const served = { ...sandbox, verify: createVerifier(sandbox.secret), closed: new AbortController() }
      sandboxes.set(sandbox.id, served)
      return {
        [Symbol.dispose]() {
          if (sandboxes.get(sandbox.id) === served) sandboxes.delete(sandbox.id)
          served.closed.abort()
        },
      }
    },
    async [Symbol.asyncDispose]() {
      for (const { closed } of sandboxes.values()) closed.abort()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
