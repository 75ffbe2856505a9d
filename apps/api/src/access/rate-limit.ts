import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import { RequestError } from '@runnel/contract/public'
import { createRedisKeys, type Redis } from '@runnel/redis'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { CALLER, type Caller } from './caller.ts'

const MINUTE_MS = 60_000
/** Enough that a client with a wrong key is noticed, and far too few to guess 256 bits. */
const FAILURES_PER_MINUTE = 30

const bounded = (caller: Caller | null): number | null =>
  caller === null ? FAILURES_PER_MINUTE : caller.tenant.limits.submitsPerMinute

const callerOf = (request: FastifyRequest): Caller | null => request.getDecorator<Caller | null>(CALLER)

/** Counts a request of its caller. Throws if there are too many. The headers of the answer say how many are left. */
export type CountRequest = (request: FastifyRequest, reply?: FastifyReply) => Promise<void>

/**
 * Counts in Redis, in windows of a minute, for all processes together: the submissions of each tenant, and the requests
 * without a valid key of each address. A tenant without a bound is not counted.
 */
export const registerRateLimit = (
  app: FastifyInstance,
  { redis, prefix }: { readonly redis: Redis; readonly prefix: string },
): CountRequest => {
  app.register(rateLimit, {
    global: false,
    redis,
    nameSpace: createRedisKeys(prefix).rate(''),
    timeWindow: MINUTE_MS,
    keyGenerator: (request) => {
      const caller = callerOf(request)
      return caller === null ? `address:${normalizeIP(request.ip)}` : `tenant:${caller.tenant.id}`
    },
    allowList: (request) => bounded(callerOf(request)) === null,
    max: (request) => bounded(callerOf(request)) ?? 0,
  })
  let limit: ReturnType<FastifyInstance['createRateLimit']> | undefined
  return async (request, reply) => {
    // The plugin is only there when the app has started.
    limit ??= app.createRateLimit()
    const counted = await limit(request)
    if (counted.isAllowed) return
    const { max, remaining, ttlInSeconds, isExceeded } = counted
    const isKnown = callerOf(request) !== null
    if (isKnown || isExceeded) {
      reply?.headers({
        'ratelimit-limit': max,
        'ratelimit-remaining': remaining,
        'ratelimit-reset': ttlInSeconds,
        ...(isExceeded ? { 'retry-after': ttlInSeconds } : {}),
      })
    }
    if (!isExceeded) return
    const what = isKnown
      ? `${max} submissions a minute are all this tenant may have`
      : 'Too many requests without a valid key'
    throw new RequestError('too-many-requests', `${what}: try again in ${ttlInSeconds} s`)
  }
}
