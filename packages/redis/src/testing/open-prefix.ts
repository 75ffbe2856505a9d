import { uniquePrefix } from '@runnel/testing'
import { Redis } from 'ioredis'
import { inject } from 'vitest'
import { namedUrl, removeKeys, untilDisconnected } from './check-traces.ts'

/** What a test has of the run's Redis. */
export interface OpenPrefix extends AsyncDisposable {
  readonly prefix: string
  /** Connections made from it are known as those of this prefix. */
  readonly redisUrl: string
}

/**
 * A prefix of the run's Redis for several tests: for one test there is `redisTest`. Disposing it fails if a connection is
 * still open or a key is wrong.
 */
export const openPrefix = (): OpenPrefix => {
  const prefix = uniquePrefix()
  return {
    prefix,
    redisUrl: namedUrl(inject('redisUrl'), prefix),
    async [Symbol.asyncDispose]() {
      const redis = new Redis(inject('redisUrl'), { connectionName: 'inspection' })
      try {
        await untilDisconnected(redis, prefix)
        await removeKeys(redis, prefix)
      } finally {
        redis.disconnect()
      }
    },
  }
}
