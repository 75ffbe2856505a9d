import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

/** A script that runs inside Redis as one step; sent by its hash, and whole only where Redis does not know it yet. */
export type LuaScript = (redis: Redis, keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>

export const createLuaScript = (source: string): LuaScript => {
  const hash = createHash('sha1').update(source).digest('hex')
  return async (redis, keys, args) => {
    try {
      return await redis.evalsha(hash, keys.length, ...keys, ...args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return await redis.eval(source, keys.length, ...keys, ...args)
    }
  }
}
