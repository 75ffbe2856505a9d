import { toAnswerError } from './api-error.ts'
import { RunnelConnectionError } from './errors.ts'

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface RequestOptions {
  /** Added to the URL. What is undefined is left out; an array repeats the name. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>> | undefined
  /** Sent as JSON; a Uint8Array, a Blob or a stream as bytes; a FormData as it is. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
  /** How long to wait for the whole answer. Default 30,000. */
  readonly timeoutMs?: number | undefined
}

/** Calls the API over HTTP. */
export interface Http {
  readonly baseUrl: string
  /** The answer, once its headers are there and its status is good. Throws a RunnelApiError or a RunnelConnectionError. */
  open(method: HttpMethod, path: string, options: Omit<RequestOptions, 'timeoutMs'>): Promise<Response>
  /** The JSON of the answer; undefined if it has no body. */
  request<T>(method: HttpMethod, path: string, options?: RequestOptions): Promise<T>
}

const TIMEOUT_MS = 30_000

const toUrl = (baseUrl: string, path: string, query: RequestOptions['query'] = {}): string => {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== undefined) parameters.append(name, String(one))
  }
  const text = parameters.toString()
  return `${baseUrl}${path}${text === '' ? '' : `?${text}`}`
}

const BYTES = { 'content-type': 'application/octet-stream' }

const toBody = (body: unknown): { body?: BodyInit; headers: Record<string, string> } => {
  if (body === undefined) return { headers: {} }
  if (body instanceof Uint8Array) return { body: new Uint8Array(body), headers: BYTES }
  if (body instanceof Blob || body instanceof ReadableStream) return { body, headers: BYTES }
  // It has a type of its own, with the boundary between its parts.
  if (body instanceof FormData) return { body, headers: {} }
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
}

const toConnectionError = (baseUrl: string, cause: unknown): RunnelConnectionError =>
  new RunnelConnectionError(`Cannot reach Runnel at ${baseUrl}: check that it runs, the address and the network`, {
    cause,
  })

/** `authorization`: the header of every request. Without it, `sendsCookie` says whether a session's cookie counts. */
export const createHttp = (options: {
  readonly baseUrl: string
  readonly authorization: string | undefined
  readonly sendsCookie: boolean
}): Http => {
  const { baseUrl, authorization, sendsCookie } = options
  const own: Record<string, string> = authorization === undefined ? {} : { authorization }

  const open: Http['open'] = async (method, path, { query, body, headers, signal }) => {
    const sent = toBody(body)
    let response: Response
    try {
      response = await fetch(toUrl(baseUrl, path, query), {
        method,
        ...(sent.body === undefined ? {} : { body: sent.body }),
        // A stream can be sent only in this way: the answer comes after all of it.
        ...(sent.body instanceof ReadableStream ? { duplex: 'half' } : {}),
        headers: { ...sent.headers, ...own, ...headers },
        // Only the API's own pages have its cookie. Where a key or a ticket counts, a cookie must not.
        credentials: authorization === undefined && sendsCookie ? 'same-origin' : 'omit',
        ...(signal === undefined ? {} : { signal }),
      })
    } catch (cause) {
      if (signal?.aborted) throw signal.reason
      throw toConnectionError(baseUrl, cause)
    }
    if (!response.ok) throw await toAnswerError(response)
    return response
  }

  return {
    baseUrl,
    open,
    async request(method, path, { signal, timeoutMs = TIMEOUT_MS, ...rest } = {}) {
      const timeout = AbortSignal.timeout(timeoutMs)
      try {
        const both = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
        const response = await open(method, path, { ...rest, signal: both })
        const text = await response.text()
        return text === '' ? undefined : JSON.parse(text)
      } catch (error) {
        if (signal?.aborted) throw signal.reason
        if (timeout.aborted)
          throw new RunnelConnectionError(`Runnel at ${baseUrl} did not answer within ${timeoutMs} ms: try again`, {
            cause: error,
          })
        if (error instanceof TypeError || error instanceof SyntaxError) throw toConnectionError(baseUrl, error)
        throw error
      }
    },
  }
}
