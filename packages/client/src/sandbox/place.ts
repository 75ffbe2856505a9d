import { createHttp, type HttpMethod, type RequestOptions } from '../http.ts'
import { createLink, type Link } from '../link.ts'
import { readBaseUrl } from '../options.ts'
import { createSocketPool } from '../socket-pool.ts'
import { createWakeUp } from '../wake-up.ts'

/** Where the API is, and what opens it. Without `apiKey` and `accessToken`: the cookie of a session, or an API without keys. */
export interface SandboxConnection {
  /** As of `Runnel`. Default in a browser: the origin of the page. */
  readonly baseUrl?: string | undefined
  /** A key with the scope `sandboxes`. Never in a web page. */
  readonly apiKey?: string | undefined
  /** Opens one sandbox: what a page gets from its own server, which made the sandbox. Not with `apiKey`. */
  readonly accessToken?: string | undefined
}

export const connect = ({ baseUrl: given, apiKey, accessToken }: SandboxConnection): Link => {
  if (apiKey !== undefined && accessToken !== undefined)
    throw new TypeError('Cannot use both apiKey and accessToken: a server gives its key, a page its access token')
  const secret = apiKey ?? accessToken
  const authorization = secret === undefined ? undefined : `Bearer ${secret}`
  const baseUrl = readBaseUrl(given)
  const http = createHttp({ baseUrl, authorization, sendsCookie: true })
  const wakeUp = createWakeUp()
  const pool = createSocketPool({ baseUrl, authorization, getTicket: undefined, wakeUp })
  return createLink({ http, pool, wakeUp, getTicket: undefined })
}

/** One sandbox of one API: what commands, files and terminals are asked by. */
export interface Place {
  readonly id: string
  readonly link: Link
  /** undefined where the API has no keys, or a cookie counts. */
  readonly accessToken: string | undefined
  request<T>(method: HttpMethod, path: string, options?: RequestOptions): Promise<T>
  pathOf(rest?: string): string
}

const SANDBOX_ID = /^sbx-[0-9a-f]{24}$/

export const createPlace = (link: Link, id: string, accessToken: string | undefined): Place => {
  if (!SANDBOX_ID.test(id)) throw new TypeError(`Cannot use ${JSON.stringify(id)} as the id of a sandbox`)
  const pathOf = (rest = '') => `/v1/sandboxes/${id}${rest}`
  return {
    id,
    link,
    accessToken,
    pathOf,
    request: (method, rest, options) => link.http.request(method, pathOf(rest), options),
  }
}
