import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { createRedisKeys, type Redis } from '@runnel/redis'

const SECRET_BYTES = 32

/** What an access token looks like, wherever it stands. */
export const ACCESS_TOKEN_TEXT = /sbt_[0-9a-f]{64}/

/**
 * The access token of a sandbox is made from its id and a secret of this Redis:
 *
 *   sbt_ <HMAC-SHA-256 over the id>
 *
 * 1. It opens everything in that sandbox and nothing else: for another id it is another token.
 * 2. It is stored nowhere. A request is checked with the id in its URL, without asking Redis.
 * 3. The first use makes the secret, so all API processes have the same. Each keeps it until its connection breaks: a Redis that comes
 *    back may have lost it, and all sandboxes with it.
 */
export interface AccessTokens {
  create(sandboxId: string): Promise<string>
  isOf(sandboxId: string, token: string): Promise<boolean>
}

export const createAccessTokens = (parts: { readonly redis: Redis; readonly prefix: string }): AccessTokens => {
  const { redis, prefix } = parts
  const { accessTokenSecret } = createRedisKeys(prefix)
  let known: string | undefined
  redis.on('ready', () => {
    known = undefined
  })

  const readSecret = async (): Promise<string> => {
    if (known !== undefined) return known
    await redis.set(accessTokenSecret, randomBytes(SECRET_BYTES).toString('hex'), 'NX')
    const secret = await redis.get(accessTokenSecret)
    if (secret === null) throw new Error('Redis has no secret for access tokens right after it was written')
    known = secret
    return secret
  }
  const create = async (sandboxId: string): Promise<string> =>
    `sbt_${createHmac('sha256', await readSecret())
      .update(sandboxId)
      .digest('hex')}`

  return {
    create,
    async isOf(sandboxId, token) {
      const [own, given] = [Buffer.from(await create(sandboxId)), Buffer.from(token)]
      return own.length === given.length && timingSafeEqual(own, given)
    },
  }
}
