import type { Place } from './place.ts'

const EXPIRES_IN_SECONDS = 900

const toBase64Url = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/**
 * A URL of one file that needs no key: HMAC-SHA-256, keyed with the access token, over four lines: `read` or `write`, the id of the
 * sandbox, `expires` (seconds since 1970) and the path. docs/sandboxes.md of the server describes the same.
 */
export const signFileUrl = async (
  { id, link, accessToken, pathOf }: Place,
  act: 'read' | 'write',
  path: string,
  expiresInSeconds = EXPIRES_IN_SECONDS,
): Promise<string> => {
  const query = new URLSearchParams({ path })
  // An API without keys asks for none, and has no access tokens.
  if (accessToken !== undefined) {
    if (globalThis.crypto?.subtle === undefined)
      throw new TypeError('Cannot sign a URL in this page: browsers have no cryptography on plain http')
    const expires = String(Math.floor(Date.now() / 1_000) + expiresInSeconds)
    const encoder = new TextEncoder()
    const hmac = { name: 'HMAC', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('raw', encoder.encode(accessToken), hmac, false, ['sign'])
    const signature = await crypto.subtle.sign('HMAC', key, encoder.encode([act, id, expires, path].join('\n')))
    query.set('expires', expires)
    query.set('signature', toBase64Url(signature))
  }
  return `${link.http.baseUrl}${pathOf('/files')}?${query}`
}
