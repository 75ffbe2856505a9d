import { RequestError } from '@runnel/contract/public'
import type { FastifyInstance } from 'fastify'

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)

const toHost = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).host : undefined)
const toHostname = (host: string): string => (URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '')

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST, PUT, DELETE',
  'access-control-allow-headers': 'authorization, content-type, last-event-id, idempotency-key',
  'access-control-max-age': '600',
}

/** What a page may read of an answer besides its body. */
const EXPOSED = 'location, retry-after, idempotent-replayed, ratelimit-limit, ratelimit-remaining, ratelimit-reset'

/**
 * Without keys, everyone who reaches the port can run code. On a loopback address these are the programs of this
 * machine, and every page that a browser on it has open, because a page may send requests and open WebSockets to any
 * address. Two checks:
 *
 * 1. A browser always names the page's origin (`Origin`). A page of another origin is refused unless it is on the list,
 *    with keys or without.
 * 2. A page can make its own domain name resolve to 127.0.0.1. Then its origin is the same, but the name in `Host` is not
 *    this machine's. Such a page has no key, so this is checked only where none is needed.
 */
export const refuseForeignHost = (host = ''): void => {
  if (isLoopback(toHostname(host))) return
  throw new RequestError(
    'forbidden',
    `Cannot serve the host ${JSON.stringify(host)}: this server has no keys yet, so it is for its own machine only; make one with \`npm run keys -- create\``,
  )
}

/** Refuses requests from web pages, unless the page is this server's own or its origin is on the list. */
export const guardAgainstPages = (app: FastifyInstance, origins: readonly string[]): void => {
  app.addHook('onRequest', async ({ headers, method }, reply) => {
    const { host = '', origin } = headers
    if (origin === undefined || toHost(origin) === host) return
    if (!origins.includes(origin)) {
      throw new RequestError(
        'forbidden',
        `Cannot serve a page of ${JSON.stringify(origin)}: name its origin in RUNNEL_API_ORIGINS to allow it`,
      )
    }
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': EXPOSED,
      vary: 'origin',
    })
    if (method === 'OPTIONS') await reply.headers(PREFLIGHT).code(204).send()
  })
}
