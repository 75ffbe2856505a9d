import { RequestError } from '@runnel/contract/public'
import type { FastifyInstance, FastifyRequest } from 'fastify'

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)

const toHost = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).host : undefined)
const toHostname = (host: string): string => (URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : '')

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers': 'authorization, content-type, last-event-id, idempotency-key, x-access-token, range',
  'access-control-max-age': '600',
}

/** What a page may read of an answer besides its body. */
const EXPOSED = [
  'location, retry-after, idempotent-replayed, ratelimit-limit, ratelimit-remaining, ratelimit-reset',
  'content-disposition, content-range, accept-ranges, etag',
].join(', ')

/**
 * Without keys, everyone who reaches the port can run code. On a loopback address these are the programs of this
 * machine, and every page that a browser on it has open, because a page may send requests and open WebSockets to any
 * address. Three checks:
 *
 * 1. A browser always names the page's origin (`Origin`). A page of another origin is refused unless it is on the list,
 *    with keys or without.
 * 2. A page can make its own domain name resolve to 127.0.0.1. Then its origin is the same, but the name in `Host` is not
 *    this machine's. Such a page has no key, so this is checked only where none is needed.
 * 3. A GET that a page cannot read, as of an image, names no origin. `Sec-Fetch-Site` says that it is from another page.
 */
export const refuseForeignHost = (host = ''): void => {
  if (isLoopback(toHostname(host))) return
  throw new RequestError(
    'forbidden',
    `Cannot serve the host ${JSON.stringify(host)}: this server has no keys yet, so it is for its own machine only; make one with \`npm run keys -- create\``,
  )
}

/**
 * For callers that a browser identifies by itself, by its cookie or by being on this machine. Pages of other origins must not
 * use that, also those that are on the list and those on another port of this host, to which `SameSite` does not apply.
 * `mustSay`: a request that changes something, and a WebSocket, must say that it comes from a page of this server. Every browser
 * says so.
 */
export const refuseOtherPages = (
  { headers, method, ws: isSocket }: FastifyRequest,
  { mustSay }: { readonly mustSay: boolean },
): void => {
  const { host = '', origin, 'sec-fetch-site': site } = headers
  const isReading = (method === 'GET' || method === 'HEAD') && !isSocket
  const isOtherOrigin = origin !== undefined && toHost(origin) !== host
  // `none`: somebody typed the address.
  const isOtherSite = site !== undefined && site !== 'same-origin' && !(site === 'none' && isReading)
  const isUnclear = origin === undefined && site === undefined && !isReading
  // Without a cookie, an origin that comes this far is ours or on the list.
  const isRefused = mustSay ? isOtherOrigin || isOtherSite || isUnclear : origin === undefined && isOtherSite
  if (!isRefused) return
  throw new RequestError(
    'forbidden',
    'Cannot take this from another page: a browser is identified only for pages of this server, as Origin and Sec-Fetch-Site say; send a key instead',
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
