/** What a new connection will be used for, so that the server that makes its ticket can name it. */
export interface TicketNeed {
  /** Jobs that the connection will follow or write to. Empty for a connection that only submits. */
  readonly jobIds: readonly string[]
  /** Whether it will submit jobs. */
  readonly submissions: boolean
}

interface RunnelPlace {
  /**
   * Where the API is, such as `https://run.example.org` or `http://127.0.0.1:8080`. A path in it is kept. Default in a
   * browser: the origin of the page. Elsewhere it must be given.
   */
  readonly baseUrl?: string | undefined
}

/** A server with a key of its own. A key never belongs into a web page: use `getTicket` there. */
interface KeyOptions extends RunnelPlace {
  readonly apiKey: string
  readonly getTicket?: undefined
}

/**
 * A web page without a key. `getTicket` asks the page's own server, which makes a ticket with its key (POST /v1/tickets).
 * It is called for each new connection, also after a lost one, because a ticket opens one connection, once.
 *
 * The server must check that `need.jobIds` are jobs of this user before it makes a ticket for them.
 */
interface TicketOptions extends RunnelPlace {
  readonly getTicket: (need: TicketNeed) => Promise<string>
  readonly apiKey?: undefined
}

/** A page of the API's own origin with the cookie of a browser session, or an API on loopback that has no keys yet. */
interface CookieOptions extends RunnelPlace {
  readonly apiKey?: undefined
  readonly getTicket?: undefined
}

export type RunnelOptions = KeyOptions | TicketOptions | CookieOptions

/** Whether this is a page or a worker of a browser. There a WebSocket takes no headers. */
export const isBrowser = (): boolean => typeof document !== 'undefined' || 'WorkerGlobalScope' in globalThis

/** The base URL without a slash at its end. */
export const readBaseUrl = (given: string | undefined): string => {
  const text = given ?? (isBrowser() ? globalThis.location.origin : undefined)
  if (text === undefined)
    throw new TypeError(
      'Cannot find the API: give baseUrl, such as http://127.0.0.1:8080; only a page in a browser has a default',
    )
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new TypeError(`Cannot use the baseUrl ${JSON.stringify(text)}: give an http or https URL`)
  if (url.username !== '' || url.search !== '' || url.hash !== '')
    throw new TypeError('Cannot use a baseUrl with a user name, a query or a fragment: give the key as apiKey')
  return (url.origin + url.pathname).replace(/\/+$/, '')
}
