import type { RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { RequestError } from '@runnel/contract/public'
import { createRequestId, refuseConnection } from './errors/error-answers.ts'
import { toErrorBody } from './errors/to-request-error.ts'
import { createLane } from './lane.ts'

/** The open connections of a server. A connection that became a WebSocket is one of them; the server itself forgets it. */
export interface Connections {
  /** Counts the connections of this server from now on. */
  watch(server: Server): void
  /** Serves the requests that are not too many. */
  guard(listener: RequestListener): RequestListener
  cutAll(): void
}

/** Requests of one connection that are not answered yet. Browsers and almost all libraries send one at a time. */
export const UNANSWERED_REQUESTS = 10

const TOO_MANY_REQUESTS = `Cannot take more than ${UNANSWERED_REQUESTS} requests on one connection before the first is answered: wait for answers`

/** Node resumes a connection whenever it has done something for a request. */
const stopReading = (socket: Socket): void => {
  socket.on('resume', () => socket.pause())
  socket.pause()
}

/**
 * What was read with a refused request costs twice: when it is parsed, and when the connection closes. Node then makes an error for each
 * request that was not answered, and the stacks of these errors would be most of it.
 */
const measureDropped = (socket: Socket, charge: (spentMs: number) => void): void => {
  const { stackTraceLimit } = Error
  let startedAt = performance.now()
  setImmediate(() => charge(performance.now() - startedAt))
  socket.prependOnceListener('close', () => {
    startedAt = performance.now()
    Error.stackTraceLimit = 0
  })
  socket.once('close', () => {
    Error.stackTraceLimit = stackTraceLimit
    charge(performance.now() - startedAt)
  })
}

const refuseRequest = (response: ServerResponse): void => {
  const error = new RequestError('too-many-requests', TOO_MANY_REQUESTS)
  const body = JSON.stringify(toErrorBody(error, createRequestId()))
  response.writeHead(error.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  })
  response.end(body)
}

/**
 * Two bounds that Node does not have:
 *
 *   requests      Node takes every request in the 64 KiB that it reads at once, which can be 3,000. Three clients that sent requests
 *                 without waiting for answers stopped the API for 5 to 20 s (2026-11-29). The first request that is too many is
 *                 refused, and nothing more of its connection is read. What was read has been parsed by then; so that who connects
 *                 again and again cannot fill the event loop with that, new connections are read later by three times as long.
 *   connections   A connection over the bound is refused before anything is read. One address may have half of them, so it cannot
 *                 keep all others out.
 */
export const createConnections = ({ maximum }: { readonly maximum: number }): Connections => {
  const maximumOfAddress = Math.ceil(maximum / 2)
  const open = new Set<Socket>()
  const ofAddress = new Map<string, number>()
  const unanswered = new WeakMap<Socket, number>()
  /** Nothing more of these is served. */
  const refused = new WeakSet<Socket>()
  const firstReads = createLane({ atOnce: 4, restFactor: 3, isTimed: false })

  const findFault = (address: string): string | undefined => {
    if (open.size >= maximum) return `${maximum} are open, which is the maximum`
    if ((ofAddress.get(address) ?? 0) < maximumOfAddress) return undefined
    return `${maximumOfAddress} from this address are open, which is the maximum`
  }

  const take = (socket: Socket): void => {
    const address = socket.remoteAddress ?? ''
    const fault = findFault(address)
    if (fault !== undefined) {
      refused.add(socket)
      const message = `Cannot open another connection: ${fault}; close some, or use one for many requests`
      refuseConnection(socket, new RequestError('too-many-requests', message))
      return
    }
    const turn = firstReads.take(address)
    if (turn !== undefined) {
      // Node starts to read in the next tick, which is before this.
      process.nextTick(() => socket.pause())
      void turn.then(() => socket.resume())
    }
    open.add(socket)
    ofAddress.set(address, (ofAddress.get(address) ?? 0) + 1)
    socket.once('close', () => {
      open.delete(socket)
      const left = (ofAddress.get(address) ?? 1) - 1
      if (left === 0) ofAddress.delete(address)
      else ofAddress.set(address, left)
    })
  }

  return {
    watch: (server) => void server.on('connection', take),
    guard: (listener) => (request, response) => {
      const { socket } = request
      if (refused.has(socket)) return
      const others = unanswered.get(socket) ?? 0
      if (others >= UNANSWERED_REQUESTS) {
        refused.add(socket)
        stopReading(socket)
        measureDropped(socket, firstReads.charge)
        return refuseRequest(response)
      }
      unanswered.set(socket, others + 1)
      response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1))
      listener(request, response)
    },
    cutAll() {
      for (const socket of open) socket.destroy()
    },
  }
}
