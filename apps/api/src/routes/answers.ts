import { type ERROR_STATUS, errorBodySchema } from '@runnel/contract/public'

type ErrorStatus = (typeof ERROR_STATUS)[keyof typeof ERROR_STATUS]

const MEANINGS: Readonly<Record<ErrorStatus, string>> = {
  400: 'The request cannot be read or served as it is; the message says what to change.',
  401: 'Not with a key, or with none that is good here.',
  403: 'The key may not do this; or from that web page, or by that host name, nobody may call; see the message.',
  404: 'There is no such job, or not any more.',
  405: 'The URL has other methods; see Allow.',
  409: 'The job is past that.',
  410: 'Redis has lost some of its events.',
  413: 'Too large.',
  415: 'Send JSON, with its Content-Type.',
  422: 'The idempotency key stands for another submission.',
  429: 'Too much; see the message, and Retry-After.',
  500: 'Our own fault; the log has it under the requestId.',
  503: 'Redis cannot be reached, or the server is stopping. Try again.',
}

/** For a route's documentation: the errors it may answer with, besides those that every route has. */
export const errorAnswers = <S extends ErrorStatus>(...statuses: readonly S[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: MEANINGS[status], content: { 'application/json': { schema: errorBodySchema } } },
    ]),
  )
