import { z } from 'zod'
import { artifactsSchema } from '../public/artifact.ts'
import { isolationSchema, jobIdSchema } from '../public/job.ts'
import { limitsSchema } from '../public/limits.ts'
import { extractedSchema, programSchema, storedInputSchema } from '../public/program.ts'

/** The content of the queue: everything that a worker needs. Parsed again when it leaves Redis, because a newer API may have written it. */
export const queuedJobSchema = z.object({
  id: jobIdSchema,
  tenantId: z.string().min(1),
  submittedAt: z.iso.datetime(),
  program: programSchema,
  extracted: extractedSchema.optional(),
  /** A job that was queued with `tenant`, by an older API, gets what has taken its place. */
  isolation: z.preprocess((value) => (value === 'tenant' ? 'job' : value), isolationSchema),
  limits: limitsSchema,
  /** The key that submitted it; null if there were no keys. */
  keyId: z.string().nullable().optional(),
  /** Uploaded files that it finds in its workspace. */
  storedFiles: z.array(storedInputSchema).optional(),
  /** What to keep of its workspace, and how much its tenant may keep. */
  artifacts: z
    .object({
      patterns: artifactsSchema,
      bounds: z.object({ files: z.int().nonnegative(), bytes: z.int().nonnegative() }),
    })
    .optional(),
  /** Of a site: whether what its pages write to the console is output. */
  console: z.boolean().optional(),
  /** It has a sandbox of its own: that is in the queue in its place. */
  serve: z.literal(true).optional(),
  /** Of such a job: everybody may see its previews. */
  public: z.literal(true).optional(),
  /** It looks as if it serves, and is not submitted so. */
  serves: z.literal(true).optional(),
  /** Whether the submission had `code` or `files`. */
  submittedAs: z.enum(['code', 'files']).optional(),
})
export type QueuedJob = z.infer<typeof queuedJobSchema>
