import { Redis } from 'ioredis'

export const removeKeys = async (redisUrl: string, prefix: string): Promise<void> => {
  const redis = new Redis(redisUrl)
  try {
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      if (keys.length > 0) await redis.del(...keys)
    }
  } finally {
    redis.disconnect()
  }
}
