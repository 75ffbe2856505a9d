import type { Redis } from 'ioredis'

/** What the queue keeps of jobs that have not ended, and the type of each key. */
const OF_UNFINISHED = {
  waiting: 'zset',
  admitted: 'zset',
  turns: 'zset',
  'jobs:wait': 'list',
  'jobs:active': 'list',
  'jobs:delayed': 'zset',
  'jobs:prioritized': 'zset',
} as const

/** What is left in the queue's own structures, once all jobs have ended: nothing. */
export const findQueueLeftovers = async (redis: Redis, prefix: string): Promise<string[]> => {
  const found = await Promise.all(
    Object.entries(OF_UNFINISHED).map(async ([name, type]) => {
      const key = `${prefix}:${name}`
      const members = type === 'list' ? await redis.lrange(key, 0, -1) : await redis.zrange(key, '0', '-1')
      return members.map((member) => `${member} in ${name}`)
    }),
  )
  return found.flat()
}
