import { randomBytes } from 'node:crypto'

const GOOD = /(?:^|; *)runnel_browser=[\w-]{43}(?:;|$)/

/**
 * The header for a browser that has no good cookie yet. The cookie allows nothing. By it Runnel finds the sockets of the browser that
 * sends a `POST /api/execute`. Anyone who knows it can watch, so it is random, no script can read it, and no other site's page sends it.
 */
export const browserCookie = (cookies = ''): Readonly<Record<string, string>> => {
  if (GOOD.test(cookies)) return {}
  const value = randomBytes(32).toString('base64url')
  return { 'set-cookie': `runnel_browser=${value}; Path=/; HttpOnly; SameSite=Strict` }
}
