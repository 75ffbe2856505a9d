import type { IncomingMessage } from 'node:http'
import { PREVIEW_LINK_MAX_MS, RequestError } from '@runnel/contract/public'
import {
  ACCESS_TOKEN_TEXT,
  type AccessTokens,
  checkPreview,
  readKeyText,
  type SandboxRecord,
  signPreview,
} from '@runnel/registry'
import type { CallerDirectory } from '../access/caller-directory.ts'
import { isByOwnPage } from './own-pages.ts'
import { readPreviewCookies, toPreviewCookie } from './preview-cookie.ts'
import type { PreviewDomain } from './preview-domain.ts'
import { readLink } from './preview-link.ts'
import { canKeepCookie, NEEDS_HTTPS } from './preview-url.ts'

/** How long a browser that has opened a private preview may come back. */
const COOKIE_MS = 24 * 60 * 60 * 1_000

/** A first visit with a signed URL leaves it in no history and no Referer: it goes on to the same URL without the signature. */
export interface FirstVisit {
  readonly location: string
  readonly cookie: string | undefined
}

export interface Visit {
  readonly request: IncomingMessage
  readonly record: SandboxRecord
  readonly port: number
  readonly isSecure: boolean
  readonly isUpgrade: boolean
}

const isPrivate = (why: string): RequestError =>
  new RequestError('preview-private', `This preview is private${why}: ask its owner for a new link`)

const WHOLE_ACCESS_TOKEN = new RegExp(`^${ACCESS_TOKEN_TEXT.source}$`)

/** A key or an access token that the request shows; an Authorization of another kind is the program's. */
const readHeaders = ({ headers }: IncomingMessage) => {
  const [, bearer = ''] = /^Bearer +(\S+)$/i.exec((headers.authorization ?? '').slice(0, 200)) ?? []
  const token = [headers['x-access-token'], bearer].flat().find((text) => WHOLE_ACCESS_TOKEN.test(text ?? ''))
  return { token, key: token === undefined ? readKeyText(bearer) : undefined }
}

/**
 * Whether a request may pass to a sandbox. Throws the refusal.
 *
 *   ?runnel-preview=<signature>   a first visit: it gets a cookie, and the same URL without the signature
 *   public: true                  everybody
 *   key or access token           in a header; they are taken out before the program sees them
 *   the cookie                    of this port of this sandbox, on requests of its own pages
 *   a preflight (CORS)            never has a credential, so it goes to the program
 */
export const createPreviewGate = (parts: {
  readonly accessTokens: AccessTokens
  readonly callers: Pick<CallerDirectory, 'byKey'>
  readonly domain: PreviewDomain
}) => {
  const { accessTokens, callers, domain } = parts

  const hasCookie = (token: string, { request, record, port }: Visit): boolean =>
    readPreviewCookies(request.headers.cookie).some(
      (text) => checkPreview(token, { use: 'cookie', sandboxId: record.id, port }, text, COOKIE_MS) === 'good',
    )

  const openLink = (token: string, visit: Visit, signature: string, location: string): FirstVisit => {
    const { record, port, isSecure } = visit
    if (record.public) return { location, cookie: undefined }
    const verdict = checkPreview(token, { use: 'link', sandboxId: record.id, port }, signature, PREVIEW_LINK_MAX_MS)
    if (verdict !== 'good') {
      if (hasCookie(token, visit)) return { location, cookie: undefined }
      throw isPrivate(verdict === 'expired' ? ', and this link to it has expired' : ', and this link does not open it')
    }
    if (!canKeepCookie(domain, isSecure)) throw new RequestError('forbidden', NEEDS_HTTPS)
    const seconds = COOKIE_MS / 1_000
    const expires = Math.floor(Date.now() / 1_000) + seconds
    const value = signPreview(token, { use: 'cookie', sandboxId: record.id, port }, expires)
    return { location, cookie: toPreviewCookie(value, seconds) }
  }

  const isOwner = async ({ request, record }: Visit): Promise<boolean | undefined> => {
    const { token, key } = readHeaders(request)
    if (token !== undefined) return accessTokens.isOf(record.id, token)
    if (key === undefined) return undefined
    const caller = await callers.byKey(key)
    return caller !== undefined && caller.tenant.id === record.tenantId && caller.scopes.includes('sandboxes')
  }

  /** Undefined: it passes. */
  return async (visit: Visit): Promise<FirstVisit | undefined> => {
    const { request, record, isUpgrade } = visit
    const { method, url = '', headers } = request
    const token = await accessTokens.create(record.id)
    const link = method === 'GET' && !isUpgrade ? readLink(url) : undefined
    if (link !== undefined) return openLink(token, visit, link.signature, link.clean)
    if (record.public) return undefined
    const owns = await isOwner(visit)
    if (owns === true) return undefined
    if (owns === false) {
      throw new RequestError('preview-private', 'This key or access token does not open this preview')
    }
    if (hasCookie(token, visit)) {
      if (isByOwnPage(request, isUpgrade)) return undefined
      throw new RequestError(
        'forbidden',
        'Cannot take this from another page: a private preview takes the cookie of a browser only for its own pages',
      )
    }
    const isPreflight =
      method === 'OPTIONS' &&
      headers.origin !== undefined &&
      headers['access-control-request-method'] !== undefined &&
      headers['transfer-encoding'] === undefined &&
      (headers['content-length'] ?? '0') === '0'
    if (isPreflight) return undefined
    throw canKeepCookie(domain, visit.isSecure) ? isPrivate('') : new RequestError('preview-private', NEEDS_HTTPS)
  }
}
