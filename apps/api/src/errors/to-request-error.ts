import { type ErrorBody, RequestError } from '@runnel/contract/public'
import { toRequestError as toOperationError } from '@runnel/operations'
import { ANY_MISTAKE, codeOf, ERRORS_BY_STATUS, FASTIFY_ERRORS, REQUEST_STREAM_ERRORS } from './framework-errors.ts'

const statusOf = (error: unknown): number =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500

/** A mistake of the caller that Node, Fastify or a plugin found. Undefined for every other error. */
const readFrameworkError = (error: unknown, bodyLimit: number | undefined): RequestError | undefined => {
  const status = statusOf(error)
  if (status < 400 || status > 499) return undefined
  const name = codeOf(error) ?? ''
  const [code, message] = FASTIFY_ERRORS[name] ?? REQUEST_STREAM_ERRORS[name] ?? ERRORS_BY_STATUS[status] ?? ANY_MISTAKE
  const bound = code === 'payload-too-large' && bodyLimit !== undefined ? `; this URL takes ${bodyLimit} bytes` : ''
  return new RequestError(code, message + bound, { cause: error })
}

export const toShuttingDown = (): RequestError =>
  new RequestError('shutting-down', 'The server is stopping: try again shortly')

/** Turns any error into the answer: Fastify's own, or what an operation threw. `bodyLimit`: of the route, in bytes. */
export const toRequestError = (error: unknown, bodyLimit?: number): RequestError =>
  error instanceof RequestError ? error : (readFrameworkError(error, bodyLimit) ?? toOperationError(error))

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
    ...(error.ending === undefined ? {} : { ending: error.ending }),
    requestId,
  },
})
