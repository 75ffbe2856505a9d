import { type Tenant, tenantSchema, unboundTenant } from '@runnel/contract/public'
import { createRedisKeys, type Redis } from '@runnel/redis'

export interface Tenants {
  /** A tenant that was never set has no limits of its own. */
  get(id: string): Promise<Tenant>
  /** Several at once, in the order of their ids. */
  getMany(ids: readonly string[]): Promise<Tenant[]>
  /** Those that were ever set, by id. */
  list(): Promise<Tenant[]>
  set(tenant: Tenant): Promise<void>
}

export const readTenant = (id: string, json: unknown): Tenant =>
  typeof json === 'string' ? tenantSchema.parse(JSON.parse(json)) : unboundTenant(id)

export const createTenants = ({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }): Tenants => {
  const { tenants, accessChannel } = createRedisKeys(prefix)
  return {
    get: async (id) => readTenant(id, await redis.hget(tenants, id)),
    async getMany(ids) {
      const stored = ids.length === 0 ? [] : await redis.hmget(tenants, ...ids)
      return ids.map((id, at) => readTenant(id, stored[at]))
    },
    async list() {
      const stored = Object.entries(await redis.hgetall(tenants))
      return stored.map(([id, json]) => readTenant(id, json)).toSorted((one, other) => one.id.localeCompare(other.id))
    },
    async set(tenant) {
      await redis.hset(tenants, tenant.id, JSON.stringify(tenant))
      await redis.publish(accessChannel, tenant.id)
    },
  }
}
