import type { IncomingMessage } from 'node:http'
import { ACCESS_TOKEN_TEXT, KEY_TEXT } from '@runnel/registry'
import type { ClientFacts } from './client-facts.ts'
import { toOwnCookie, withoutOurs } from './preview-cookie.ts'

/** They belong to one connection and are not passed on. */
const OF_A_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What a client says of itself and of proxies: we say it anew. */
const SAID_ANEW = /^(?:forwarded|host|expect|x-real-ip|x-forwarded-.*)$/

/** `Alt-Svc` sends a browser to other ports and hosts for this origin. */
const NOT_FOR_BROWSERS: ReadonlySet<string> = new Set(['alt-svc'])

/** Our credentials, which no program in a sandbox may see. */
const isOurs = (name: string, value: string): boolean =>
  (name === 'authorization' || name === 'x-access-token') && (KEY_TEXT.test(value) || ACCESS_TOKEN_TEXT.test(value))

/** Pairs of a raw header list, without those that belong to the connection. */
function* pairsOf(rawHeaders: readonly string[]): Generator<readonly [string, string, lower: string]> {
  const named = new Set<string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== 'connection') continue
    for (const word of (rawHeaders[at + 1] ?? '').split(',')) named.add(word.trim().toLowerCase())
  }
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = [rawHeaders[at], rawHeaders[at + 1]]
    const lower = name.toLowerCase()
    if (!OF_A_HOP.has(lower) && (!named.has(lower) || lower === 'content-length')) yield [name, value, lower]
  }
}

/** The client waits for 100 Continue before it sends its body. */
export const wantsContinue = ({ expect }: IncomingMessage['headers']): boolean => /^100-continue$/i.test(expect ?? '')

/** What a program gets: the request's own headers in their order, ours, and how its body is framed. */
export const toProgramHeaders = (
  { rawHeaders, headers, method = '' }: IncomingMessage,
  options: { readonly host: string; readonly programHost: string; readonly facts: ClientFacts },
): string[] => {
  const { host, programHost, facts } = options
  const list = ['Host', programHost]
  for (const [name, value, lower] of pairsOf(rawHeaders)) {
    if (SAID_ANEW.test(lower) || isOurs(lower, value)) continue
    const kept = lower === 'cookie' ? withoutOurs(value) : value
    if (kept !== undefined) list.push(name, kept)
  }
  list.push('X-Forwarded-For', facts.forwardedFor, 'X-Forwarded-Host', host)
  list.push('X-Forwarded-Proto', facts.isSecure ? 'https' : 'http')
  if (wantsContinue(headers)) list.push('Expect', '100-continue')
  if (headers['transfer-encoding'] !== undefined) list.push('Transfer-Encoding', 'chunked')
  else if (headers['content-length'] === undefined && !['GET', 'HEAD', 'OPTIONS', 'DELETE'].includes(method)) {
    list.push('Content-Length', '0')
  }
  return list
}

/** A redirect to the address that was dialled leads to the preview. Others stay: the browser's rules hold for them. */
const toLocation = (location: string, origin: string, port: number): string => {
  const [, rest] =
    new RegExp(`^https?://(?:localhost|127\\.0\\.0\\.1|0\\.0\\.0\\.0|\\[::1?\\]):${port}(?=[/?#]|$)(.*)$`, 'is').exec(
      location,
    ) ?? []
  return rest === undefined ? location : `${origin}${rest}`
}

/** What the client gets: the answer's own headers in their order, and which pages may show it in a frame. */
export const toClientHeaders = (
  rawHeaders: readonly string[],
  options: { readonly origin: string; readonly port: number; readonly framePolicy: string },
): string[] => {
  const list: string[] = []
  for (const [name, value, lower] of pairsOf(rawHeaders)) {
    if (NOT_FOR_BROWSERS.has(lower)) continue
    const kept =
      lower === 'set-cookie'
        ? toOwnCookie(value)
        : lower === 'location'
          ? toLocation(value, options.origin, options.port)
          : value
    if (kept !== undefined) list.push(name, kept)
  }
  // Beside a policy of its own: both hold.
  list.push('Content-Security-Policy', options.framePolicy)
  return list
}
