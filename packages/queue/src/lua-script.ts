import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

type Argument = string | number

/** A script that runs inside Redis as one step; sent by its hash, and whole only where Redis does not know it yet. */
export type LuaScript = (redis: Redis, key: string, args: readonly Argument[]) => Promise<unknown>

export const createLuaScript = (source: string): LuaScript => {
  const hash = createHash('sha1').update(source).digest('hex')
  return async (redis, key, args) => {
    try {
      return await redis.evalsha(hash, 1, key, ...args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return await redis.eval(source, 1, key, ...args)
    }
  }
}
