import { keySchema } from '@runnel/contract/public'
import { createRedisKeys, type Redis } from '@runnel/redis'
import { z } from 'zod'
import { isGood } from './keys.ts'

/** How many tenants there are that may submit. */
export interface TenantCount extends Disposable {
  /** Tenants with a key that may submit and is neither revoked nor expired. At least 1: without any key there is one tenant. */
  read(): Promise<number>
}

/** A key that expires publishes nothing, so keys are read again after this time. */
const FRESH_MS = 60_000

const { tenant, scopes, expiresAt, revokedAt } = keySchema.shape
const storedSchema = z.object({ tenant, scopes, expiresAt, revokedAt })

const countTenants = (keys: readonly string[]): number => {
  const good = keys
    .map((json) => storedSchema.parse(JSON.parse(json)))
    .filter((key) => isGood(key) && key.scopes.includes('submit'))
  return Math.max(1, new Set(good.map(({ tenant }) => tenant)).size)
}

/** Reads all keys once, and again when one is made or revoked. So a submission costs no round trip. */
export const createTenantCount = (options: {
  readonly redis: Redis
  /** Brings the message that a key has changed. */
  readonly subscriber: Redis
  readonly prefix: string
}): TenantCount => {
  const { redis, subscriber } = options
  const { apiKeys, accessChannel } = createRedisKeys(options.prefix)
  let known: { readonly count: Promise<number>; readonly untilMs: number } | undefined

  const forget = (): void => {
    known = undefined
  }
  const onMessage = (channel: string): void => {
    if (channel === accessChannel) forget()
  }
  subscriber.on('message', onMessage)
  subscriber.on('ready', forget)
  subscriber.subscribe(accessChannel).catch(() => {})

  return {
    read() {
      if (known !== undefined && performance.now() < known.untilMs) return known.count
      const count = redis.hvals(apiKeys).then(countTenants)
      known = { count, untilMs: performance.now() + FRESH_MS }
      count.catch(() => {
        if (known?.count === count) forget()
      })
      return count
    },
    [Symbol.dispose]() {
      subscriber.off('message', onMessage)
      subscriber.off('ready', forget)
    },
  }
}
