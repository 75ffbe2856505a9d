import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const SECRET_BYTES = 32

/** 256 random bits, as 43 characters that need no escaping anywhere. */
export const createSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url')

/** We store this instead of the secret. Nobody can try 256 random bits, so a fast hash without salt is good enough. */
export const toDigest = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** Takes the same time wherever the two differ. Both are digests, so they have the same length. */
export const isSameDigest = (one: string, other: string): boolean =>
  timingSafeEqual(Buffer.from(one), Buffer.from(other))
