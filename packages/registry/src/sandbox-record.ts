import type { QueuedSandbox } from '@runnel/contract/internal'
import {
  sandboxEndingSchema,
  sandboxLimitsSchema,
  sandboxMetadataSchema,
  sandboxStatusSchema,
} from '@runnel/contract/public'
import { z } from 'zod'

/** What the record of a sandbox has in the field `fixed`: it never changes. */
const fixedSchema = z.object({
  template: z.string(),
  limits: sandboxLimitsSchema,
  workDir: z.string(),
  metadata: sandboxMetadataSchema,
  autoResume: z.boolean(),
  public: z.boolean().default(false),
  /** The job that it was made for. */
  jobId: z.string().optional(),
  /** The Host that its programs see through previews; absent: the one that was asked for. */
  maskHost: z.string().optional(),
  keyId: z.string().nullable(),
  /** ISO 8601. */
  createdAt: z.iso.datetime(),
})

const toTime = z.coerce.number().transform((ms) => new Date(ms).toISOString())

/** The fields of the hash. Times are milliseconds since 1970. */
const storedSchema = z.object({
  tenant: z.string(),
  status: sandboxStatusSchema,
  fixed: z
    .string()
    .transform((json) => JSON.parse(json))
    .pipe(fixedSchema),
  timeoutMs: z.coerce.number(),
  idleTimeoutMs: z.coerce.number(),
  startedAt: toTime.optional(),
  endsAt: toTime.optional(),
  endedAt: toTime.optional(),
  ending: sandboxEndingSchema.optional(),
  endingMessage: z.string().optional(),
})

/** What is kept of a sandbox. Times are ISO 8601. */
export interface SandboxRecord
  extends z.output<typeof fixedSchema>,
    Omit<z.output<typeof storedSchema>, 'tenant' | 'fixed'> {
  readonly id: string
  readonly tenantId: string
}

/** What a new sandbox brings that its record keeps. */
export type NewSandbox = Omit<QueuedSandbox, 'kind' | 'env' | 'files' | 'storedFiles'>

export const toFixed = ({
  template,
  limits,
  workDir,
  metadata,
  autoResume,
  public: isPublic = false,
  jobId,
  maskHost,
  keyId,
  submittedAt: createdAt,
}: NewSandbox): string =>
  JSON.stringify({
    ...{ template, limits, workDir, metadata, autoResume, public: isPublic, keyId, createdAt, jobId, maskHost },
  } satisfies z.input<typeof fixedSchema>)

/** Undefined if there is no record, or if it cannot be read because another version wrote it. */
export const readSandboxRecord = (id: string, fields: unknown): SandboxRecord | undefined => {
  const stored = storedSchema.safeParse(fields)
  if (!stored.success) return undefined
  const { tenant, fixed, ...rest } = stored.data
  return { id, tenantId: tenant, ...fixed, ...rest }
}
