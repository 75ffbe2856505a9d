import type { ErrorDetail } from './contract.ts'
import { RunnelApiError } from './errors.ts'
import { isRecord } from './json.ts'

/** Statuses of codes whose error came on a WebSocket, where there is none. Others are a refused request, 400. */
const STATUS_OF: Readonly<Record<string, number>> = {
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'job-not-found': 404,
  'job-finished': 409,
  'stdin-closed': 409,
  'no-terminal': 409,
  'events-lost': 410,
  'payload-too-large': 413,
  'stdin-full': 413,
  'idempotency-key-reused': 422,
  'too-many-requests': 429,
  'queue-full': 429,
  'too-many-subscriptions': 429,
  internal: 500,
  'redis-unavailable': 503,
  'storage-full': 503,
  'shutting-down': 503,
}

const readDetails = (value: unknown): ErrorDetail[] =>
  Array.isArray(value)
    ? value.flatMap((one: unknown) =>
        isRecord(one) && typeof one['path'] === 'string' && typeof one['message'] === 'string'
          ? [{ path: one['path'], message: one['message'] }]
          : [],
      )
    : []

/** Reads `{code, message, …}` as the API sends it; undefined if it is something else. */
export const readApiError = (error: unknown, status?: number): RunnelApiError | undefined => {
  if (!isRecord(error)) return undefined
  const { code, message, details, retryAfterMs, requestId } = error
  if (typeof code !== 'string' || typeof message !== 'string') return undefined
  return new RunnelApiError(message, {
    code,
    status: status ?? STATUS_OF[code] ?? 400,
    details: readDetails(details),
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined,
    requestId: typeof requestId === 'string' ? requestId : undefined,
  })
}

const readRetryAfter = (header: string | null): number | undefined =>
  header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1_000 : undefined

/** The error of an answer of 400 and above. */
export const toAnswerError = async (response: Response): Promise<RunnelApiError> => {
  const body: unknown = await response.json().catch(() => undefined)
  const error = readApiError(isRecord(body) ? body['error'] : undefined, response.status)
  const retryAfterMs = error?.retryAfterMs ?? readRetryAfter(response.headers.get('retry-after'))
  return new RunnelApiError(
    error?.message ??
      `The server answered ${response.status}, but not as the Runnel API does: check baseUrl, and what stands between`,
    {
      code: error?.code ?? 'unreadable-answer',
      status: response.status,
      details: error?.details,
      retryAfterMs,
      requestId: error?.requestId,
    },
  )
}
