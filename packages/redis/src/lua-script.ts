import { createHash } from 'node:crypto'
import type { Redis } from './connect-redis.ts'

/** Runs inside Redis as one step: no other command runs in between. */
export type LuaScript = (redis: Redis, keys: readonly string[], args?: readonly (string | number)[]) => Promise<unknown>

/**
 * At `maxmemory` Redis refuses every script that may write. Ours bound what they write themselves (kept-lua.ts), and most
 * free memory: the end of a job must be written even then.
 */
const FLAGS = '#!lua flags=allow-oom\n'

/** Sends the script by its hash, and the whole text only if Redis does not know it yet. */
export const createLuaScript = (body: string): LuaScript => {
  const source = `${FLAGS}${body}`
  const hash = createHash('sha1').update(source).digest('hex')
  return async (redis, keys, args = []) => {
    try {
      return await redis.evalsha(hash, keys.length, ...keys, ...args)
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return await redis.eval(source, keys.length, ...keys, ...args)
    }
  }
}
