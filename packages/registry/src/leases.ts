import { createRedisKeys, type Redis } from '@runnel/redis'
import { z } from 'zod'

const leaseSchema = z.object({
  worker: z.string(),
  /** The URL of the gateway of that worker, without a slash at its end. */
  gateway: z.url(),
  /** Requests to the gateway for this sandbox are signed with it. It never leaves the API and the worker. */
  secret: z.string(),
  /** Another one at each renewal. */
  renewal: z.string(),
})

/** A worker's hold on a sandbox. */
export type Lease = z.output<typeof leaseSchema>

export interface LeaseToRenew {
  readonly id: string
  readonly lease: Lease
  /** How long the sandbox lives at most from now on, in milliseconds. */
  readonly lifeMs: number
}

export interface Leases {
  /** One round trip for all of them. */
  renew(leases: readonly LeaseToRenew[]): Promise<void>
  remove(sandboxId: string): Promise<void>
  /** For the API. Undefined if no worker holds the sandbox. */
  find(sandboxId: string): Promise<Lease | undefined>
  /** For the API: the value of the field `renewal` of each, in the same order. Undefined where there is no lease. */
  renewals(sandboxIds: readonly string[]): Promise<readonly (string | undefined)[]>
}

/** A lease outlives its sandbox by this, so that a restart of Redis does not remove it before it is renewed. */
const MARGIN_MS = 60_000

/** Undefined if there is none. */
export const readLease = (stored: unknown): Lease | undefined =>
  typeof stored === 'string' ? leaseSchema.safeParse(JSON.parse(stored)).data : undefined

/**
 * Who holds which sandbox. Workers may only write here (docs/redis-keys.md), so none of them can sign requests to another one's
 * gateway. Whether a worker still renews is decided by who reads (`createLossJudge`), not by an expiry: after an outage of Redis
 * every lease would have expired.
 */
export const createLeases = ({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }): Leases => {
  const keys = createRedisKeys(prefix)
  return {
    async renew(leases) {
      if (leases.length === 0) return
      const step = redis.pipeline()
      for (const { id, lease, lifeMs } of leases) {
        step.psetex(keys.lease(id), Math.ceil(Math.max(0, lifeMs)) + MARGIN_MS, JSON.stringify(lease))
      }
      for (const [error] of (await step.exec()) ?? []) if (error !== null) throw error
    },

    async remove(sandboxId) {
      await redis.del(keys.lease(sandboxId))
    },

    async find(sandboxId) {
      return readLease(await redis.get(keys.lease(sandboxId)))
    },

    async renewals(sandboxIds) {
      if (sandboxIds.length === 0) return []
      const found = await redis.mget(sandboxIds.map(keys.lease))
      return found.map((json) => readLease(json)?.renewal)
    },
  }
}
