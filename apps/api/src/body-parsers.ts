import type { IncomingMessage } from 'node:http'
import { RequestError } from '@runnel/contract/public'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { tenantOrAddress } from './access/caller.ts'
import { CLIENT_GONE } from './errors/framework-errors.ts'
import { boundJson, createJsonBound } from './input-bounds.ts'
import { type InputTurns, LARGE_BYTES } from './input-turns.ts'
import { paceBody } from './paced-body.ts'

/** Fatal: bytes that are not UTF-8 are refused. A lenient decoder would change the program. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

export const decodeUtf8 = (bytes: Uint8Array, whole: string): string => {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new RequestError('invalid-request', `Cannot read ${whole}: it is not valid UTF-8`, { cause })
  }
}

const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i

/** JSON is always UTF-8 (RFC 8259). Who names another charset has written the bytes in it. */
const requireUtf8 = ({ headers }: FastifyRequest): void => {
  const [, charset = 'utf-8'] = CHARSET.exec(headers['content-type'] ?? '') ?? []
  if (/^utf-?8$/i.test(charset)) return
  throw new RequestError(
    'unsupported-media-type',
    `Cannot read a body with the charset ${JSON.stringify(charset)}: send JSON in UTF-8`,
  )
}

const refuseCompression = ({ headers }: FastifyRequest): void => {
  const packing = headers['content-encoding']
  if (packing === undefined || packing === 'identity') return
  throw new RequestError(
    'unsupported-media-type',
    `Cannot read a body with Content-Encoding: ${packing}; send it uncompressed`,
  )
}

const JSON_TYPE = /^application\/json\b/i
/** The bodies that Fastify reads for us. engine.io reads its own. */
const READ_HERE = /^application\/(?:json|octet-stream)\b/i

/** Or of unknown size. One that says that it is too large is not read at all. */
const isLarge = ({ headers, routeOptions }: FastifyRequest): boolean => {
  const bytes = Number(headers['content-length'])
  return headers['transfer-encoding'] !== undefined || (bytes > LARGE_BYTES && bytes <= routeOptions.bodyLimit)
}

const toError = (error: unknown): Error =>
  error instanceof Error ? error : new Error('Unreadable body', { cause: error })

/** Reads JSON, without compression. Keys that would reach a prototype are refused. */
export const setBodyParsers = (app: FastifyInstance, inputTurns: InputTurns): void => {
  /** The bodies of these have been checked while they came. */
  const paced = new WeakSet<IncomingMessage>()
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const read = (): void => {
      try {
        if (request.raw.socket.destroyed) throw new RequestError(...CLIENT_GONE)
        const bytes = typeof body === 'string' ? Buffer.from(body) : body
        // Many clients name JSON in every request, also to a route that takes no body.
        if (bytes.length === 0 && request.routeOptions.schema?.body === undefined) {
          done(null, undefined)
          return
        }
        requireUtf8(request)
        if (!paced.has(request.raw)) boundJson(bytes, 'the body')
        parseJson(request, decodeUtf8(bytes, 'the body'), done)
      } catch (error) {
        done(toError(error))
      }
    }
    if (body.length <= LARGE_BYTES) return read()
    const tenant = tenantOrAddress(request)
    try {
      inputTurns.requireRoom(tenant)
    } catch (error) {
      return done(toError(error))
    }
    const turn = inputTurns.take(tenant, body.length)
    if (turn === undefined) read()
    else void turn.then(read)
  })
  app.addHook('preParsing', async (request, _reply, body) => {
    refuseCompression(request)
    const type = request.headers['content-type'] ?? ''
    if (request.is404 || request.routeOptions.config.streamsBody === true) return body
    if (!isLarge(request) || !READ_HERE.test(type)) return body
    const bound = JSON_TYPE.test(type) ? createJsonBound('the body') : undefined
    paced.add(request.raw)
    return paceBody(body, {
      inputTurns,
      tenant: tenantOrAddress(request),
      maxBytes: request.routeOptions.bodyLimit,
      bound,
    })
  })
}
