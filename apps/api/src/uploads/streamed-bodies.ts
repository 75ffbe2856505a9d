import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { PassThrough, type Readable } from 'node:stream'
import { RequestError } from '@runnel/contract/public'
import type { FastifyInstance } from 'fastify'
import { CLIENT_GONE, codeOf } from '../errors/framework-errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler gets the body as a stream, of any type and size, and bounds it itself (`streamedBody`). */
    readonly streamsBody?: true
  }
}

/** A client that sends nothing for this long has gone. */
const SILENCE_MS = 30_000
/** Longer than 10 GB take at 3 MB/s. */
const LONGEST_MS = 60 * 60 * 1_000
/** How long the rest of a refused body is read and dropped. Without that, the client might not see the answer. */
const DROP_MS = 2_000

/** The times of bodies that are streamed to their handlers, in place of Node's time for a whole request. */
export interface StreamedBodies {
  /** To be called for each error that Node reports for a connection: whether it is Node's time for a request, which does not count here. */
  isOpen(error: Error, socket: Socket): boolean
  /** Node's time does not count for this request either. Its handler bounds it. */
  exempt(raw: IncomingMessage): void
  /** To be called before routes are registered. */
  bound(app: FastifyInstance, refuse: (error: Error, socket: Socket) => void): void
}

const toTimeout = (): Error =>
  Object.assign(new Error('The body came too slowly'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })

export const createStreamedBodies = (): StreamedBodies => {
  const open = new WeakSet<Socket>()

  const watch = (raw: IncomingMessage, refuse: (error: Error, socket: Socket) => void): void => {
    const { socket } = raw
    const startedAt = performance.now()
    let bytesRead = socket.bytesRead
    open.add(socket)
    const timer = setInterval(() => {
      // If we are the slow side, its bytes wait here.
      const hasCome = socket.bytesRead > bytesRead || raw.readableLength > 0
      bytesRead = socket.bytesRead
      if (!hasCome || performance.now() - startedAt > LONGEST_MS) refuse(toTimeout(), socket)
    }, SILENCE_MS).unref()
    const stop = (): void => {
      clearInterval(timer)
      open.delete(socket)
    }
    raw.once('end', stop)
    raw.once('close', stop)
  }

  return {
    exempt(raw) {
      const { socket } = raw
      const stop = (): void => void open.delete(socket)
      open.add(socket)
      raw.once('end', stop)
      raw.once('close', stop)
    },
    isOpen: (error, socket) => codeOf(error) === 'ERR_HTTP_REQUEST_TIMEOUT' && open.has(socket),
    bound(app, refuse) {
      app.addHook('onRequest', async ({ raw, routeOptions }) => {
        if (routeOptions.config?.streamsBody === true && !raw.complete) watch(raw, refuse)
      })
      app.addHook('onResponse', async ({ raw, routeOptions }) => {
        if (routeOptions.config?.streamsBody !== true || raw.readableEnded || raw.destroyed) return
        const timer = setTimeout(() => raw.destroy(), DROP_MS).unref()
        raw.once('close', () => clearTimeout(timer))
        raw.once('end', () => clearTimeout(timer))
        raw.resume()
      })
    },
  }
}

/** How large the body of a request is, in bytes, if the client says so. */
export const readLength = ({ headers }: Pick<IncomingMessage, 'headers'>): number | undefined => {
  const length = headers['content-length']
  return length === undefined ? undefined : Number(length)
}

/** The body of such a request. Destroying it leaves the connection open, so that an answer can be sent. */
export const streamedBody = (body: unknown, raw: IncomingMessage): Readable => {
  const stream = new PassThrough()
  // A request without a body.
  if (body === undefined || body === null) return stream.end()
  raw.once('error', (error) => stream.destroy(error))
  raw.once('close', () => {
    if (!raw.readableEnded) stream.destroy(new RequestError(...CLIENT_GONE))
  })
  if (raw.destroyed && !raw.readableEnded) return stream.destroy(new RequestError(...CLIENT_GONE))
  return raw.pipe(stream)
}
