import type { FastifyInstance } from 'fastify'

/** For everything that is not a page: nothing may be made of it. */
const NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
/** The reference brings its script and its styles itself, some of them within the page. */
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

/** What a browser is told not to do with our answers. HTTPS, and the header that insists on it, are of whoever ends TLS. */
export const setSecurityHeaders = (app: FastifyInstance): void => {
  app.addHook('onRequest', async ({ url }, reply) => {
    reply.headers(url === '/docs' || url.startsWith('/docs/') ? OF_REFERENCE : OF_API)
  })
}
