import { z } from 'zod'
import { LIMIT_NAMES } from './limits.ts'

/** It stands in Redis keys and container labels, so it has a short and harmless alphabet. */
export const tenantIdSchema = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, {
  error: ({ input }) =>
    `Cannot use the tenant ${JSON.stringify(input)}: a tenant is up to 63 lower-case letters, digits, dashes and underscores`,
})

/** Whose jobs they are where there are no keys, so that nobody has to say who they are. */
export const DEFAULT_TENANT = 'default'

const bound = (what: string) =>
  z.int().positive().nullable().default(null).describe(`${what} null: no bound of its own.`)

const maximaSchema = z
  .partialRecord(z.enum(LIMIT_NAMES), z.int().positive())
  .default({})
  .describe(
    'The most that a job of this tenant may choose, per limit. Where it is left out: what the deployment allows.',
  )

/** What one tenant may have at most. `null`, or left out: no bound of its own, so the deployment's holds. */
export const tenantLimitsSchema = z.strictObject({
  running: bound('Jobs that run at the same time.'),
  queued: bound('Jobs that wait at the same time.'),
  submitsPerMinute: bound('Submissions in any one minute that is counted.'),
  limits: maximaSchema,
  languages: z
    .array(z.string().min(1).max(64))
    .nullable()
    .default(null)
    .describe('Ids of the languages it may use. null: all that the deployment runs.'),
})
export type TenantLimits = z.output<typeof tenantLimitsSchema>

/** Who a key belongs to: the unit of quota, fairness and privacy. */
export const tenantSchema = z.object({ id: tenantIdSchema, limits: z.object(tenantLimitsSchema.shape) })
export type Tenant = z.output<typeof tenantSchema>

/** A tenant for whom nothing was set. */
export const unboundTenant = (id: string): Tenant => ({ id, limits: tenantLimitsSchema.parse({}) })
