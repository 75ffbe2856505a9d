import type { Redis } from '../connect-redis.ts'
import { createRedisKeys } from '../redis-keys.ts'

/** The keys that the queue should no longer have when all jobs have ended. */
export const findQueueLeftovers = async (redis: Redis, prefix: string): Promise<string[]> => {
  const { waiting, admitted, rotation, delayed, wait, active } = createRedisKeys(prefix)
  const ofSets = [waiting, admitted, rotation, delayed].map(async (key) => ({
    key,
    members: await redis.zrange(key, 0, -1),
  }))
  const ofLists = [wait, active].map(async (key) => ({ key, members: await redis.lrange(key, 0, -1) }))
  const found = await Promise.all([...ofSets, ...ofLists])
  return found.flatMap(({ key, members }) => members.map((member) => `${member} in ${key}`))
}
