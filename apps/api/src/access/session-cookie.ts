import { readSessionText, type SessionParts } from '@runnel/registry'
import type { FastifyRequest } from 'fastify'

/**
 * Two names for one cookie. A browser takes a name with `__Host-` only over HTTPS, for this host alone and for all paths, so
 * no other host of the domain can set it. Over plain HTTP, as on a loopback address, it has the other name.
 */
const SECURE_NAME = '__Host-runnel-session'
const PLAIN_NAME = 'runnel-session'

/** A proxy that ends TLS may not be named in our settings. The page's origin shows HTTPS then. */
const isSecure = ({ protocol, headers }: FastifyRequest): boolean =>
  protocol === 'https' || headers.origin?.startsWith('https:') === true

const valuesOf = (header: string, name: string): string[] =>
  header.split(';').flatMap((pair) => {
    const at = pair.indexOf('=')
    return pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
  })

/** `none`: there is no such cookie. `unreadable`: it has no session in it, or there are several and it is unclear which is ours. */
export const readSessionCookie = (request: FastifyRequest): SessionParts | 'none' | 'unreadable' => {
  const header = request.headers.cookie ?? ''
  const secure = valuesOf(header, SECURE_NAME)
  const values = secure.length > 0 || isSecure(request) ? secure : valuesOf(header, PLAIN_NAME)
  const [value, ...more] = values
  if (value === undefined) return 'none'
  return (more.length > 0 ? undefined : readSessionText(value)) ?? 'unreadable'
}

const toCookie = (request: FastifyRequest, value: string, seconds: number): string => {
  const name = isSecure(request) ? `${SECURE_NAME}=${value}; Secure` : `${PLAIN_NAME}=${value}`
  return `${name}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}`
}

/** The `Set-Cookie` that signs a browser in until then. */
export const toSessionCookie = (request: FastifyRequest, text: string, expiresAt: string): string =>
  toCookie(request, text, Math.ceil((Date.parse(expiresAt) - Date.now()) / 1_000))

/** The `Set-Cookie` that makes a browser forget it. */
export const noSessionCookie = (request: FastifyRequest): string => toCookie(request, '', 0)
