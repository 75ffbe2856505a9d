import { createHmac, timingSafeEqual } from 'node:crypto'

/** What opens a preview: a URL for its first visit, and the cookie that this visit leaves. */
export interface PreviewUse {
  readonly use: 'link' | 'cookie'
  readonly sandboxId: string
  readonly port: number
}

const toSignature = (token: string, { use, sandboxId, port }: PreviewUse, expires: string): Buffer =>
  createHmac('sha256', token).update(`preview-${use}\n${sandboxId}\n${port}\n${expires}`).digest()

/**
 * `<expires>.<signature>`: seconds since 1970, and HMAC-SHA-256 with the sandbox's access token over four lines, in base64url. Who has
 * the token can make one, in a browser too. It opens one port of one sandbox until it expires. No other signature of ours has these
 * lines.
 */
export const signPreview = (token: string, use: PreviewUse, expires: number): string =>
  `${expires}.${toSignature(token, use, String(expires)).toString('base64url')}`

/** `expired`: it was good once, or would be good for longer than `maxMs`. */
export const checkPreview = (
  token: string,
  use: PreviewUse,
  text: string,
  maxMs: number,
): 'good' | 'expired' | 'refused' => {
  const [, expires, signature] = /^(\d{1,12})\.([\w-]{43})$/.exec(text) ?? []
  if (expires === undefined || signature === undefined) return 'refused'
  const [own, given] = [toSignature(token, use, expires), Buffer.from(signature, 'base64url')]
  if (own.length !== given.length || !timingSafeEqual(own, given)) return 'refused'
  const leftMs = Number(expires) * 1_000 - Date.now()
  return leftMs > 0 && leftMs <= maxMs ? 'good' : 'expired'
}
