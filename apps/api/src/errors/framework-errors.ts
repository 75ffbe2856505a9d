import type { ErrorCode } from '@runnel/contract/public'

/** An error of ours in place of one that Node, Fastify or a plugin made: its code, and the sentence for the caller. */
type Answer = readonly [ErrorCode, string]

/**
 * Every mistake of a caller that Fastify finds itself. `test/errors/framework-errors.test.ts` compares this with Fastify's own
 * list, so an error that a new version adds gets a sentence here. `BODY_TOO_LARGE` goes on with the size that the route takes.
 */
export const FASTIFY_ERRORS: Readonly<Record<string, Answer>> = {
  FST_ERR_NOT_FOUND: ['not-found', 'There is nothing at this URL; see /docs for all URLs'],
  FST_ERR_BAD_URL: ['invalid-request', 'Cannot read the URL: its path is not valid percent-encoding'],
  FST_ERR_INVALID_URL: ['invalid-request', 'Cannot read the URL: it must be a text'],
  FST_ERR_MAX_PARAM_LENGTH: ['not-found', 'There is nothing at this URL'],
  FST_ERR_VALIDATION: ['invalid-request', 'Cannot read the request: it does not match what this URL takes; see /docs'],
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: [
    'unsupported-media-type',
    'Cannot read the request: this method needs a body with a Content-Type',
  ],
  FST_ERR_ROUTE_MISSING_CONTENT: ['invalid-request', 'Cannot read the request: this method needs a body'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload-too-large', 'Cannot read the body: it is too large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported-media-type',
    'Cannot read the body: send it with Content-Type: application/json',
  ],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invalid-request', 'Cannot read the body: it is empty; send JSON'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invalid-request', 'Cannot read the body: it is not valid JSON'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'invalid-request',
    'Cannot read the body: it is not as long as its Content-Length says',
  ],
}

/** The client has gone, so nobody reads it. */
export const CLIENT_GONE: Answer = ['invalid-request', 'Cannot read the body: the client hung up']

/** With a status of 4xx, which Fastify adds: an error of the request's own stream. */
export const REQUEST_STREAM_ERRORS: Readonly<Record<string, Answer>> = { ECONNRESET: CLIENT_GONE }

/** For any other error with one of these statuses: those of @fastify/static, and what future versions add. */
export const ERRORS_BY_STATUS: Readonly<Record<number, Answer>> = {
  400: ['invalid-request', 'Cannot read the request'],
  401: ['unauthorized', 'Cannot identify the caller'],
  403: ['forbidden', 'Cannot serve this URL'],
  404: ['not-found', 'There is nothing at this URL; see /docs for all URLs'],
  405: ['method-not-allowed', 'Cannot use this method at this URL; see /docs'],
  412: ['invalid-request', 'Cannot serve this file: it is not the one that If-Match or If-Unmodified-Since asks for'],
  413: ['payload-too-large', 'Cannot read the request: it is too large'],
  414: ['not-found', 'There is nothing at this URL: it is too long'],
  415: ['unsupported-media-type', 'Cannot read the body: send it with Content-Type: application/json'],
  416: ['range-not-satisfiable', 'Cannot serve this part of the file: it is shorter than Range asks for'],
  429: ['too-many-requests', 'Too many requests: try again later'],
}
/** For a status from 400 to 499 that has no row. */
export const ANY_MISTAKE: Answer = ['invalid-request', 'Cannot serve the request as it is']

/** What Node's HTTP parser finds, by its code. There is no request yet. */
export const PARSER_ERRORS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'Cannot read the request: it came too slowly',
  HPE_HEADER_OVERFLOW: 'Cannot read the request: its URL and headers together are too long',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'Cannot read the request: its chunk extensions are too long',
}
export const NOT_HTTP = 'Cannot read the request: it is not valid HTTP'

/** Codes of a connection that the other side has broken off, or that never reached it. Nobody can be answered. */
const BROKEN_OFF: ReadonlySet<string> = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_WRITE_AFTER_END',
  'ETIMEDOUT',
])

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** Whether a connection failed because the client has gone. That is no fault of ours, and no line in the log. */
export const isBrokenOff = (error: unknown): boolean => BROKEN_OFF.has(codeOf(error) ?? '')
