import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { RequestError } from '@runnel/contract/public'
import type { Server as Engine } from 'engine.io'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { refuseKeyInUrl } from '../access/credentials.ts'
import { PUBLIC } from '../access/route-access.ts'
import { toShuttingDown } from '../errors/to-request-error.ts'
import type { InputTurns } from '../input-turns.ts'
import { errorAnswers } from '../routes/answers.ts'
import type { Upgrade } from '../upgrade-dispatcher.ts'
import { admitPost, boundPost } from './bound-posts.ts'
import type { Handshake, Handshakes } from './handshakes.ts'
import { requireEngineRequest } from './require-engine-request.ts'

export const SOCKET_IO_PATH = '/socket.io/'

/** The most that a client may send before we know who it is: far more than credentials need. */
const UNIDENTIFIED_BYTES = 16 * 1024
/** A client needs two: one that waits, and one that is being answered. A client that has more does not read the answers. */
const OPEN_POLLS = 4
/** 160 random bits. */
const createSid = (): string => randomBytes(20).toString('base64url')

/** As `ws` reads them (RFC 6455). It would answer with plain text. */
const isHandshake = ({ headers }: FastifyRequest): boolean =>
  /^[+/\w]{22}==$/.test(headers['sec-websocket-key'] ?? '') && headers['sec-websocket-version'] === '13'

const REFUSALS = errorAnswers(400, 401, 403, 429, 503)
const DESCRIPTIONS = {
  GET: {
    summary: 'Run programs over socket.io',
    description: [
      'Polls and WebSockets of socket.io-client 3 and 4. The client says who it is in its first packet: `auth: {apiKey}` or `{ticket}`,',
      'or by the headers of its first request. It emits `execute_code {code, language}` and gets `execution_start`, `execution_output`',
      'for each line, `execution_complete`, and `execution_error` with a sentence.',
    ].join('\n'),
    tags: ['execute'],
    security: [],
    response: REFUSALS,
  },
  POST: {
    summary: 'Send packets of socket.io',
    description: 'What a client that polls sends.',
    tags: ['execute'],
    security: [],
    response: REFUSALS,
  },
}

/** Cuts the session of a client that sends much before it is identified. */
const boundUnidentified = (bytes: Readable, handshake: Handshake): void => {
  bytes.on('data', (chunk: Buffer) => {
    if (handshake.isIdentified) return
    handshake.unidentifiedBytes += chunk.length
    if (handshake.unidentifiedBytes > UNIDENTIFIED_BYTES) bytes.destroy()
  })
}

const countPoll = (handshake: Handshake, reply: FastifyReply): void => {
  if (handshake.openPolls.size >= OPEN_POLLS) {
    throw new RequestError(
      'too-many-requests',
      'Cannot answer another poll: this socket has not taken the last answers',
    )
  }
  handshake.openPolls.add(reply.raw)
  reply.raw.once('close', () => handshake.openPolls.delete(reply.raw))
}

/** Read once, for us and for engine.io. If a name is repeated, the last one counts. */
const readQuery = (url: string): ReadonlyMap<string, string> => new Map(new URLSearchParams(url.split('?', 2)[1]))

/**
 * The requests of socket.io: polls, posts and upgrades. They pass all hooks as every other request does (security headers, origin,
 * closing), and then go to engine.io. Who the client is, it says later, in its first packet (`identifySocket`): so the route is
 * open to everybody, and what a client can cost before it has said that is bounded here.
 */
export const socketIoRoute: FastifyPluginAsync<{
  readonly engine: Engine
  readonly handshakes: Handshakes
  readonly inputTurns: InputTurns
  readonly upgradeOf: (request: FastifyRequest) => Upgrade | undefined
  readonly closing: AbortSignal
}> = async (app, { engine, handshakes, inputTurns, upgradeOf, closing }) => {
  app.removeAllContentTypeParsers()
  // engine.io reads the body itself.
  app.addContentTypeParser('text/plain', (_request, _body, done) => done(null))

  const serve = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    refuseKeyInUrl(request.url)
    const upgrade = upgradeOf(request)
    if (upgrade !== undefined && !isHandshake(request)) {
      throw new RequestError(
        'invalid-request',
        'Cannot open a WebSocket: send the handshake of RFC 6455, version 13, with a valid key',
      )
    }
    const query = readQuery(request.url)
    const open = handshakes.find(query.get('sid') ?? '')
    if (closing.aborted && open === undefined) throw toShuttingDown()
    const { method } = request
    requireEngineRequest(query, { method, isUpgrade: upgrade !== undefined, isOpen: open !== undefined })
    const handshake = open ?? handshakes.begin(request, createSid())
    const isPoll = upgrade === undefined && method === 'GET'
    if (method === 'POST') await admitPost(request, handshake, inputTurns)
    if (isPoll) countPoll(handshake, reply)

    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value)
    }
    reply.hijack()
    const raw = Object.assign(request.raw, { _query: Object.fromEntries(query) })
    if (method === 'POST') boundPost(request.raw, handshake, inputTurns)
    if (upgrade === undefined) engine.handleRequest(raw, reply.raw)
    else {
      reply.raw.detachSocket(request.raw.socket)
      handshakes.continue(request.raw, handshake)
      handshake.upgraded = upgrade.socket
      engine.handleUpgrade(raw, upgrade.socket, upgrade.head)
    }
    if (!isPoll) boundUnidentified(upgrade?.socket ?? request.raw, handshake)
  }
  for (const method of ['GET', 'POST'] as const) {
    app.route({
      method,
      url: SOCKET_IO_PATH,
      exposeHeadRoute: false,
      config: PUBLIC,
      schema: DESCRIPTIONS[method],
      handler: serve,
    })
  }
}
