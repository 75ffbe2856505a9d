import { RequestError } from '@runnel/contract'
import type { FastifyInstance } from 'fastify'

/** Who may call from inside a browser. */
export interface BrowserPolicy {
  /** `loopback`: this server is for this machine, so a request for any other name is a page's trick. */
  readonly hosts: 'loopback' | 'any'
  /** Pages of other origins that may call. */
  readonly origins: readonly string[]
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)

const toHost = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).host : undefined)
const toHostname = (host: string): string => (URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '')

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST, DELETE',
  'access-control-allow-headers': 'content-type, last-event-id',
  'access-control-max-age': '600',
}

/**
 * Theory of operation. There are no keys yet: whoever reaches the port can run code. On a loopback address that is
 * every program of this machine, and with them every page that a browser on it has open: a page may send a request to
 * any address, and a WebSocket asks nobody. A browser always says which page it is for (`Origin`), so a page of
 * another origin is refused unless it was allowed. A page can also have its own name lead to 127.0.0.1; then it is of
 * the same origin, but the name it asks for (`Host`) is not this machine's.
 */
export const guardAgainstPages = (app: FastifyInstance, { hosts, origins }: BrowserPolicy): void => {
  app.addHook('onRequest', async ({ headers, method }, reply) => {
    const { host = '', origin } = headers
    if (hosts === 'loopback' && !isLoopback(toHostname(host))) {
      throw new RequestError(
        'forbidden',
        `Cannot serve the host ${JSON.stringify(host)}: this server is for its own machine only, until RUNNEL_API_ALLOW_PUBLIC=true says otherwise`,
      )
    }
    if (origin === undefined || toHost(origin) === host) return
    if (!origins.includes(origin)) {
      throw new RequestError(
        'forbidden',
        `Cannot serve a page of ${JSON.stringify(origin)}: name its origin in RUNNEL_API_ORIGINS to allow it`,
      )
    }
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': 'location',
      vary: 'origin',
    })
    if (method === 'OPTIONS') await reply.headers(PREFLIGHT).code(204).send()
  })
}
