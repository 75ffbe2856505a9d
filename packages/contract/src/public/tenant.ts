import { z } from 'zod'
import { LIMIT_NAMES } from './limits.ts'
import { SANDBOX_LIMIT_NAMES } from './sandbox-limits.ts'

/** It is part of Redis keys and container labels, so only few characters are allowed. */
export const tenantIdSchema = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, {
  error: ({ input }) =>
    `Cannot use the tenant ${JSON.stringify(input)}: a tenant is up to 63 lower-case letters, digits, dashes and underscores`,
})

/** The tenant of all jobs while there are no keys. */
export const DEFAULT_TENANT = 'default'

const bound = (what: string) =>
  z.int().positive().nullable().default(null).describe(`${what} null: the bound of the deployment.`)

const maximaSchema = z
  .partialRecord(z.enum(LIMIT_NAMES), z.int().positive())
  .default({})
  .describe('The most that a job of this tenant may choose, for each limit. Left out: what the deployment allows.')

const sandboxMaximaSchema = z
  .partialRecord(z.enum(SANDBOX_LIMIT_NAMES), z.int().positive())
  .default({})
  .describe('The most that a sandbox of this tenant may choose, for each limit. Left out: what the deployment allows.')

/** The bounds of one tenant. `null`, or left out: the bound of the deployment. */
export const tenantLimitsSchema = z.strictObject({
  running: bound('Jobs that run at the same time.'),
  queued: bound('Jobs that wait at the same time.'),
  submitsPerMinute: bound('Submissions in one minute.'),
  files: bound('Files that are kept at the same time.'),
  fileBytes: bound('Bytes of all files that are kept at the same time.'),
  limits: maximaSchema,
  sandboxes: bound('Sandboxes that wait, run or are paused at the same time.'),
  sandboxLimits: sandboxMaximaSchema,
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

/** A tenant that has the bounds of the deployment. */
export const unboundTenant = (id: string): Tenant => ({ id, limits: tenantLimitsSchema.parse({}) })
