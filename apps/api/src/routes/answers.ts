import { type ERROR_STATUS, errorBodySchema } from '@runnel/contract/public'

type ErrorStatus = (typeof ERROR_STATUS)[keyof typeof ERROR_STATUS]

const MEANINGS: Readonly<Record<ErrorStatus, string>> = {
  400: 'The request cannot be read or served as it is. The message says what to change.',
  401: 'There is no key, or it is not valid.',
  403: 'The key may not do this, or the web page or host name may not call. See the message.',
  404: 'There is no such thing, or no longer.',
  405: 'The URL has other methods; see Allow.',
  409: 'It cannot take this now, or no longer. The message says why.',
  410: 'It is gone: Redis has lost some of its events, or the sandbox has ended.',
  413: 'Too large.',
  415: 'Send what the URL takes, with its Content-Type: usually JSON.',
  416: 'The file is shorter than Range asks for.',
  422: 'The idempotency key was used for another submission.',
  429: 'Too many. See the message and Retry-After.',
  500: 'Our own fault. The log has it under the requestId.',
  502: 'The program in the sandbox does not listen on this port, or does not answer as HTTP wants.',
  503: 'Redis, the worker or the store of files cannot be reached, or the server is stopping. Try again.',
  507: 'The disk of the sandbox, or that of the store of files, is full.',
}

/** For a route's documentation: the errors it may answer with, besides those of every route. */
export const errorAnswers = <S extends ErrorStatus>(...statuses: readonly S[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: MEANINGS[status], content: { 'application/json': { schema: errorBodySchema } } },
    ]),
  )
