/** A browser takes a name with `__Host-` only for this host alone and all paths, so no other preview can set it. */
const PREVIEW_COOKIE = '__Host-runnel-preview'
/** Programs in sandboxes may not set cookies with these names, whatever their case. */
const OURS = /^\s*__(?:host|secure)-runnel/i

const COOKIES_READ = 8

const nameOf = (pair: string): string => pair.slice(0, Math.max(0, pair.indexOf('='))).trim()

/** All values of the cookie: a page may have set another one with the same name. */
export const readPreviewCookies = (header: string | undefined): readonly string[] =>
  (header ?? '')
    .split(';')
    .filter((pair) => nameOf(pair) === PREVIEW_COOKIE)
    .slice(0, COOKIES_READ)
    .map((pair) => pair.slice(pair.indexOf('=') + 1).trim())

/** The cookies of a request without ours. Undefined if none is left. */
export const withoutOurs = (header: string): string | undefined => {
  if (!/runnel/i.test(header)) return header
  const left = header
    .split(';')
    .filter((pair) => !OURS.test(pair))
    .join(';')
    .trim()
  return left === '' ? undefined : left
}

/** In a frame, browsers send back only a cookie with all of these. */
export const toPreviewCookie = (value: string, seconds: number): string =>
  `${PREVIEW_COOKIE}=${value}; Path=/; Max-Age=${seconds}; Secure; HttpOnly; SameSite=None; Partitioned`

/** The `Set-Cookie` of a program, for its own host alone. Undefined if it may not be set. */
export const toOwnCookie = (cookie: string): string | undefined => {
  if (OURS.test(cookie)) return undefined
  return cookie
    .split(';')
    .filter((part, at) => at === 0 || !/^\s*domain\s*(?:=|$)/i.test(part))
    .join(';')
}
