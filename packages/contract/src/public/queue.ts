import { z } from 'zod'
import { tenantIdSchema } from './tenant.ts'

/** Tenants in one answer. */
export const QUEUE_TENANTS = { default: 100, maximum: 1_000 } as const

const oldest = (whose: string) =>
  z.iso.datetime().nullable().describe(`When the oldest of ${whose} waiting jobs was submitted. null: none waits.`)

const bound = (what: string) => z.int().positive().describe(`${what} The tenant's own bound, or the deployment's.`)

export const queuedTenantSchema = z.strictObject({
  tenant: tenantIdSchema,
  waiting: z.int().nonnegative(),
  oldestAt: oldest('its'),
  running: z.int().nonnegative(),
  waitingBound: bound('Jobs of it that may wait.'),
  runningBound: bound('Jobs of it that may run at once.'),
})
export type QueuedTenant = z.output<typeof queuedTenantSchema>

/** `GET /v1/queue`. */
export const queueSchema = z.strictObject({
  waiting: z.int().nonnegative().describe('Jobs that wait, of all tenants.'),
  oldestAt: oldest('all'),
  running: z.int().nonnegative().describe('Jobs that workers have, of all tenants.'),
  waitingBound: z.int().positive().describe('Jobs of all tenants that may wait. Above it a submission gets 429.'),
  tenants: z
    .array(queuedTenantSchema)
    .describe('Tenants with jobs that wait or run: those with the most waiting jobs first, then the most running.'),
  tenantsLeftOut: z.int().nonnegative().describe('More tenants with jobs, which are not in the list.'),
})
export type Queue = z.output<typeof queueSchema>
