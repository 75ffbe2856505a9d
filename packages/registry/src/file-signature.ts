import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a signed URL allows with one file: to read it, or to write it. */
export interface SignedUse {
  readonly sandboxId: string
  readonly operation: 'read' | 'write'
  /** As it is in the query, decoded. */
  readonly path: string
  /** Seconds since 1970, as it is in the query. */
  readonly expires: string
}

/**
 * The signature of a file URL: HMAC-SHA-256 with the sandbox's access token over four lines, in base64url. Who has the token can make
 * one, in a browser too. It allows one operation on one path until it expires.
 */
export const signFileUse = (token: string, { sandboxId, operation, path, expires }: SignedUse): string =>
  createHmac('sha256', token).update(`${operation}\n${sandboxId}\n${expires}\n${path}`).digest('base64url')

export const isFileSignature = (token: string, use: SignedUse, signature: string): boolean => {
  const [own, given] = [Buffer.from(signFileUse(token, use)), Buffer.from(signature)]
  return own.length === given.length && timingSafeEqual(own, given)
}
