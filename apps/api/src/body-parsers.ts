import { RequestError } from '@runnel/contract/public'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { tenantOrAddress } from './access/caller.ts'
import { CLIENT_GONE } from './errors/framework-errors.ts'
import { boundJson } from './input-bounds.ts'
import { type InputTurns, LARGE_BYTES } from './input-turns.ts'

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

const toError = (error: unknown): Error =>
  error instanceof Error ? error : new Error('Unreadable body', { cause: error })

/** Reads JSON, without compression. Keys that would reach a prototype are refused. */
export const setBodyParsers = (app: FastifyInstance, inputTurns: InputTurns): void => {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const read = (): void => {
      try {
        if (request.raw.socket.destroyed) throw new RequestError(...CLIENT_GONE)
        const bytes = typeof body === 'string' ? Buffer.from(body) : body
        requireUtf8(request)
        boundJson(bytes, 'the body')
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
  app.addHook('preParsing', async (request) => {
    const packing = request.headers['content-encoding']
    if (packing === undefined || packing === 'identity') return
    throw new RequestError(
      'unsupported-media-type',
      `Cannot read a body with Content-Encoding: ${packing}; send it uncompressed`,
    )
  })
}
