import { z } from 'zod'
import { jobIdSchema } from '../public/job.ts'
import { maskHostSchema } from '../public/preview.ts'
import { envSchema, programSchema, storedInputSchema } from '../public/program.ts'
import { sandboxFileSchema, sandboxMetadataSchema } from '../public/sandbox.ts'
import { sandboxIdSchema } from '../public/sandbox-id.ts'
import { sandboxLimitsSchema } from '../public/sandbox-limits.ts'
import { sandboxPathSchema } from '../public/sandbox-path.ts'

/**
 * A sandbox in the queue, beside jobs: everything that a worker needs to begin it. Parsed again when it leaves Redis, because a
 * newer API may have written it.
 */
export const queuedSandboxSchema = z.object({
  kind: z.literal('sandbox'),
  id: sandboxIdSchema,
  tenantId: z.string().min(1),
  submittedAt: z.iso.datetime(),
  /** An id of the catalogue of languages. */
  template: z.string(),
  limits: sandboxLimitsSchema,
  /** For every command in it. */
  env: envSchema,
  /** Absolute. */
  workDir: z.string(),
  metadata: sandboxMetadataSchema,
  /** Written before it runs. */
  files: z.array(sandboxFileSchema),
  /** Uploaded files, written after those. */
  storedFiles: z.array(storedInputSchema.extend({ path: sandboxPathSchema })).optional(),
  timeoutMs: z.int().positive(),
  idleTimeoutMs: z.int().positive(),
  /** Whether a call into it resumes it while it is paused. */
  autoResume: z.boolean(),
  /** The job that it was made for. */
  jobId: jobIdSchema.optional(),
  /** Whether everybody who knows its address sees its previews. */
  public: z.boolean().optional(),
  maskHost: maskHostSchema.optional(),
  /** The job that it runs: a foreground command with the job's log and record. When that ends, the sandbox ends. */
  serve: z
    .object({
      jobId: jobIdSchema,
      argv: z.array(z.string()).min(1),
      /** On top of those of every command. */
      env: envSchema,
      stdin: z.string(),
      interactive: z.boolean(),
      terminal: programSchema.shape.terminal,
      /** What it prints after that is dropped, and it runs on. */
      outputBytes: z.int().positive(),
    })
    .optional(),
  /** The key that created it; null if there were no keys. */
  keyId: z.string().nullable(),
})
export type QueuedSandbox = z.infer<typeof queuedSandboxSchema>
