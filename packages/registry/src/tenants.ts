import { type Tenant, tenantSchema, unboundTenant } from '@runnel/contract/public'
import type { Redis } from 'ioredis'
import { accessChannel, tenantsKey } from './access-names.ts'

export interface Tenants {
  /** A tenant for whom nothing was set has no bounds of its own. */
  get(id: string): Promise<Tenant>
  set(tenant: Tenant): Promise<void>
}

export const readTenant = (id: string, json: unknown): Tenant =>
  typeof json === 'string' ? tenantSchema.parse(JSON.parse(json)) : unboundTenant(id)

export const createTenants = ({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }): Tenants => ({
  get: async (id) => readTenant(id, await redis.hget(tenantsKey(prefix), id)),
  async set(tenant) {
    await redis.hset(tenantsKey(prefix), tenant.id, JSON.stringify(tenant))
    await redis.publish(accessChannel(prefix), tenant.id)
  },
})
