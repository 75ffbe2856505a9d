import { PROGRAM, RequestError } from '@runnel/contract/public'
import type { FastifyInstance } from 'fastify'

/**
 * The largest body that can be useful: source of the allowed size in which every byte is escaped (`\u001b`
 * makes six of one), and as much again of standard input, args and env.
 */
export const BODY_BYTES = 8 * PROGRAM.sourceBytes

/** Fatal: bytes that are not UTF-8 are refused. A lenient decoder would change the program. */
const utf8 = new TextDecoder('utf-8', { fatal: true })

export const decodeUtf8 = (bytes: Uint8Array, whole: string): string => {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new RequestError('invalid-request', `Cannot read ${whole}: it is not valid UTF-8`, { cause })
  }
}

/** Reads JSON, without compression. Keys that would reach a prototype are refused. */
export const setBodyParsers = (app: FastifyInstance): void => {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      parseJson(request, decodeUtf8(Buffer.from(body), 'the body'), done)
    } catch (error) {
      done(error instanceof Error ? error : new Error('Unreadable body', { cause: error }))
    }
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
