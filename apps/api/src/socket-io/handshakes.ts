import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { RequestError } from '@runnel/contract/public'
import type { FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'

/** One engine.io session: a client, over polling, a WebSocket, or first the one and then the other. */
export interface Handshake {
  /** Its id, a secret: it is all that later requests of the session need. */
  readonly sid: string
  /** The first request. */
  readonly request: FastifyRequest
  /** The client has asked to be identified. It may ask once. */
  hasAsked: boolean
  /** The client's credentials were good. */
  isIdentified: boolean
  /** What the client has sent before that. */
  unidentifiedBytes: number
  /** Answers to polls that the client has not taken yet, and the poll that waits. */
  readonly openPolls: Set<ServerResponse>
  /** Its WebSocket, once it has one, and the connection of that. */
  websocket?: WebSocket
  upgraded?: Duplex
  /** Its socket is being closed because of what it sent: nothing more is read. */
  isRefused: boolean
  /** Tells the client why and closes its socket. Before it is identified, its connection is only closed. */
  refuse: (error: RequestError) => void
}

/** Clients that are not identified yet. It takes a client one round trip, so thousands can still connect in a second. */
const UNIDENTIFIED = 500
const UNIDENTIFIED_PER_ADDRESS = 100

/** The sessions of this process. */
export interface Handshakes {
  /** A session begins with this request. Throws if too many clients are not identified yet. */
  begin(request: FastifyRequest, sid: string): Handshake
  /** The request continues the session. */
  continue(request: IncomingMessage, handshake: Handshake): void
  /** The session of this request. */
  of(request: IncomingMessage): Handshake
  /** Lists the session, until `close`. */
  open(handshake: Handshake): void
  identify(handshake: Handshake): void
  close(handshake: Handshake): void
  find(sid: string): Handshake | undefined
}

export const createHandshakes = (): Handshakes => {
  const sessions = new WeakMap<IncomingMessage, Handshake>()
  const bySid = new Map<string, Handshake>()
  const unidentified = new Set<Handshake>()

  const refuseTooMany = (address: string): void => {
    const ofAddress = [...unidentified].filter(({ request }) => request.ip === address)
    if (unidentified.size < UNIDENTIFIED && ofAddress.length < UNIDENTIFIED_PER_ADDRESS) return
    throw new RequestError(
      'too-many-subscriptions',
      'Cannot open another socket: too many clients have connected and not identified themselves yet; try again in a few seconds',
    )
  }

  return {
    begin(request, sid) {
      refuseTooMany(request.ip)
      const handshake: Handshake = {
        sid,
        request,
        hasAsked: false,
        isIdentified: false,
        unidentifiedBytes: 0,
        openPolls: new Set<ServerResponse>(),
        isRefused: false,
        refuse: () => handshake.upgraded?.destroy(),
      }
      sessions.set(request.raw, handshake)
      return handshake
    },
    continue: (request, handshake) => void sessions.set(request, handshake),
    of(request) {
      const handshake = sessions.get(request)
      if (handshake === undefined) throw new Error('A request reached engine.io past its route')
      return handshake
    },
    open(handshake) {
      bySid.set(handshake.sid, handshake)
      unidentified.add(handshake)
    },
    identify(handshake) {
      handshake.isIdentified = true
      unidentified.delete(handshake)
    },
    close(handshake) {
      bySid.delete(handshake.sid)
      unidentified.delete(handshake)
    },
    find: (sid) => bySid.get(sid),
  }
}
