import { type ErrorBody, type ErrorCode, PROGRAM, RequestError } from '@runnel/contract/public'
import { toRequestError as toOperationError } from '@runnel/operations'

/** Fastify's own errors, as our codes and messages. */
const FASTIFY_ERRORS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [
    'payload-too-large',
    `Cannot read the body: it is too large; a program may have ${PROGRAM.sourceBytes} bytes of source`,
  ],
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
  FST_ERR_BAD_URL: ['invalid-request', 'Cannot read the URL: its path is not valid percent-encoding'],
  FST_ERR_MAX_PARAM_LENGTH: ['not-found', 'There is nothing at this URL'],
}

const readFastifyError = (error: unknown): RequestError | undefined => {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  const known = FASTIFY_ERRORS[error.code]
  return known === undefined ? undefined : new RequestError(known[0], known[1], { cause: error })
}

export const toShuttingDown = (): RequestError =>
  new RequestError('shutting-down', 'The server is stopping: try again shortly')

/** Turns any error into the answer: Fastify's own, or what an operation threw. */
export const toRequestError = (error: unknown): RequestError => readFastifyError(error) ?? toOperationError(error)

/** Messages quote the input, which can have megabytes. More than this is of no use to a reader. */
const CLIPPED_CHARACTERS = 1_000

const clip = (text: string): string =>
  text.length <= CLIPPED_CHARACTERS ? text : `${text.slice(0, CLIPPED_CHARACTERS).toWellFormed()}…`

export const toErrorBody = (error: RequestError, requestId: string): ErrorBody => ({
  error: {
    code: error.code,
    message: clip(error.message),
    ...(error.details === undefined
      ? {}
      : { details: error.details.map(({ path, message }) => ({ path: clip(path), message: clip(message) })) }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    requestId,
  },
})
