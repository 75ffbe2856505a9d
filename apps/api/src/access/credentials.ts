import { RequestError } from '@runnel/contract/public'
import {
  ACCESS_TOKEN_TEXT,
  KEY_TEXT,
  type KeyParts,
  readKeyText,
  type SessionParts,
  type SignedUse,
} from '@runnel/registry'
import type { FastifyRequest } from 'fastify'
import { readSessionCookie } from './session-cookie.ts'

/**
 * What a request sends to show who it is from. `unreadable`: it cannot be a valid key or ticket. A browser sends its cookie by
 * itself, so a key or a ticket comes first, and a cookie that cannot be read is as good as none.
 */
export type Credentials =
  | { readonly type: 'none' }
  | { readonly type: 'unreadable' }
  | { readonly type: 'session'; readonly parts: SessionParts | undefined }
  | { readonly type: 'key'; readonly parts: KeyParts }
  | { readonly type: 'ticket'; readonly ticket: string; readonly isInUrl: boolean }
  | { readonly type: 'access-token'; readonly token: string }
  | { readonly type: 'signature'; readonly use: Omit<SignedUse, 'sandboxId'>; readonly signature: string }

/** Longer than any key. Longer headers are not looked at. */
const HEADER_LENGTH = 200

/** Node keeps the first of several and drops the others, but a proxy may have read another one. */
const countAuthorizations = (rawHeaders: readonly string[]): number =>
  rawHeaders.filter((name, at) => at % 2 === 0 && name.length === 13 && name.toLowerCase() === 'authorization').length

const readQuery = (query: unknown, name: string): unknown =>
  typeof query === 'object' && query !== null ? Object.entries(query).find(([key]) => key === name)?.[1] : undefined

const ACCESS_TOKEN = new RegExp(`^${ACCESS_TOKEN_TEXT.source}$`)

/** The subprotocol that the server speaks. With it, a browser sends an access token as another one, because it can send no header. */
export const SUBPROTOCOL = 'runnel'

const readAccessToken = ({ headers, ws: isSocket }: FastifyRequest): string | undefined => {
  const protocols = isSocket ? (headers['sec-websocket-protocol'] ?? '').split(/ *, */) : []
  return [headers['x-access-token'], ...protocols].flat().find((text) => ACCESS_TOKEN.test(text ?? ''))
}

const readSignature = (
  { query }: FastifyRequest,
  operation: SignedUse['operation'] | undefined,
): Credentials | undefined => {
  const [path, expires, signature] = [
    readQuery(query, 'path'),
    readQuery(query, 'expires'),
    readQuery(query, 'signature'),
  ]
  if (signature === undefined) return undefined
  const isReadable = typeof path === 'string' && typeof expires === 'string' && typeof signature === 'string'
  if (operation === undefined || !isReadable) return { type: 'unreadable' }
  return { type: 'signature', use: { operation, path, expires }, signature }
}

/** Logs, histories and proxies keep URLs, so a key must never be in one. */
export const refuseKeyInUrl = (url: string): void => {
  // A key has no character that needs escaping, but it may still come escaped.
  const isIn = (text: string): boolean => KEY_TEXT.test(text) || ACCESS_TOKEN_TEXT.test(text)
  if (!isIn(url) && !(url.includes('%') && isIn(toPlain(url)))) return
  throw new RequestError(
    'unauthorized',
    'Cannot take a key or an access token in a URL, where logs and histories keep it: send it as Authorization: Bearer, and revoke a key that was in one',
  )
}

const toPlain = (url: string): string =>
  url.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

const readCookie = (request: FastifyRequest): Credentials => {
  const parts = readSessionCookie(request)
  if (parts === 'none') return { type: 'none' }
  return { type: 'session', parts: parts === 'unreadable' ? undefined : parts }
}

/** `sandbox`: the route is below a sandbox, so it takes its access token and, for some operations, a signed URL. */
export const readCredentials = (
  request: FastifyRequest,
  sandbox?: { readonly signedFor: SignedUse['operation'] | undefined },
): Credentials => {
  const { raw, headers, query } = request
  const { authorization } = headers
  const ticket = readQuery(query, 'ticket')
  if (authorization === undefined) {
    const token = readAccessToken(request)
    if (token !== undefined) return sandbox === undefined ? { type: 'unreadable' } : { type: 'access-token', token }
    const signed = sandbox === undefined ? undefined : readSignature(request, sandbox.signedFor)
    if (signed !== undefined) return signed
    if (ticket === undefined) return readCookie(request)
    return typeof ticket === 'string' ? { type: 'ticket', ticket, isInUrl: true } : { type: 'unreadable' }
  }
  if (ticket !== undefined || authorization.length > HEADER_LENGTH || countAuthorizations(raw.rawHeaders) > 1) {
    return { type: 'unreadable' }
  }
  const [, inHeader] = /^Ticket +(\S+)$/i.exec(authorization) ?? []
  if (inHeader !== undefined) return { type: 'ticket', ticket: inHeader, isInUrl: false }
  const [, text = ''] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
  if (sandbox !== undefined && ACCESS_TOKEN.test(text)) return { type: 'access-token', token: text }
  const parts = readKeyText(text)
  return parts === undefined ? { type: 'unreadable' } : { type: 'key', parts }
}
