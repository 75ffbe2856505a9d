import { RequestError } from '@runnel/contract/public'
import { KEY_TEXT, type KeyParts, readKeyText, type SessionParts } from '@runnel/registry'
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

/** Longer than any key. Longer headers are not looked at. */
const HEADER_LENGTH = 200

/** Node keeps the first of several and drops the others, but a proxy may have read another one. */
const countAuthorizations = (rawHeaders: readonly string[]): number =>
  rawHeaders.filter((name, at) => at % 2 === 0 && name.length === 13 && name.toLowerCase() === 'authorization').length

const readTicket = (query: unknown): unknown =>
  typeof query === 'object' && query !== null && 'ticket' in query ? query.ticket : undefined

/** Logs, histories and proxies keep URLs, so a key must never be in one. */
export const refuseKeyInUrl = (url: string): void => {
  // A key has no character that needs escaping, but it may still come escaped.
  if (!KEY_TEXT.test(url) && !(url.includes('%') && KEY_TEXT.test(toPlain(url)))) return
  throw new RequestError(
    'unauthorized',
    'Cannot take a key in a URL, where logs and histories keep it: send it as Authorization: Bearer, and revoke this one',
  )
}

const toPlain = (url: string): string =>
  url.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

const readCookie = (request: FastifyRequest): Credentials => {
  const parts = readSessionCookie(request)
  if (parts === 'none') return { type: 'none' }
  return { type: 'session', parts: parts === 'unreadable' ? undefined : parts }
}

export const readCredentials = (request: FastifyRequest): Credentials => {
  const { raw, headers, query } = request
  const { authorization } = headers
  const ticket = readTicket(query)
  if (authorization === undefined) {
    if (ticket === undefined) return readCookie(request)
    return typeof ticket === 'string' ? { type: 'ticket', ticket, isInUrl: true } : { type: 'unreadable' }
  }
  if (ticket !== undefined || authorization.length > HEADER_LENGTH || countAuthorizations(raw.rawHeaders) > 1) {
    return { type: 'unreadable' }
  }
  const [, inHeader] = /^Ticket +(\S+)$/i.exec(authorization) ?? []
  if (inHeader !== undefined) return { type: 'ticket', ticket: inHeader, isInUrl: false }
  const [, text = ''] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
  const parts = readKeyText(text)
  return parts === undefined ? { type: 'unreadable' } : { type: 'key', parts }
}
