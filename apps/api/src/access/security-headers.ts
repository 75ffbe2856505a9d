import type { FastifyInstance } from 'fastify'

/** For everything that is not a page: a browser may load and run nothing from it. */
const NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
/** The reference at /docs has its own scripts and styles, some of them in the page. */
const REFERENCE = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "worker-src 'self' blob:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}
const OF_API = { ...HEADERS, 'content-security-policy': NOTHING, 'cache-control': 'no-store' }
const OF_REFERENCE = { ...HEADERS, 'content-security-policy': REFERENCE }

/** What a browser may not do with our answers. HTTPS and its header (HSTS) belong to the proxy that ends TLS. */
export const setSecurityHeaders = (app: FastifyInstance): void => {
  app.addHook('onRequest', async ({ url }, reply) => {
    reply.headers(url === '/docs' || url.startsWith('/docs/') ? OF_REFERENCE : OF_API)
  })
}
