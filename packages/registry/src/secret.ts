import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const SECRET_BYTES = 32

/** 256 random bits, as 43 characters that need no escaping anywhere. */
export const createSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url')

/** What is kept of a secret. It has more bits than anyone can try, so a fast hash without salt is as good as a slow one. */
export const toDigest = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** In the same time, wherever the two differ. Both are digests, so they are of one length. */
export const isSameDigest = (one: string, other: string): boolean =>
  timingSafeEqual(Buffer.from(one), Buffer.from(other))
