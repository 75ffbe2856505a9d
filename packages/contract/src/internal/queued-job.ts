import { z } from 'zod'
import { isolationSchema, jobIdSchema } from '../public/job.ts'
import { limitsSchema } from '../public/limits.ts'
import { programSchema } from '../public/program.ts'

/** What the queue carries: all that a worker needs. Parsed again when it leaves Redis, where a newer API may have put it. */
export const queuedJobSchema = z.object({
  id: jobIdSchema,
  tenantId: z.string().min(1),
  submittedAt: z.iso.datetime(),
  program: programSchema,
  isolation: isolationSchema,
  limits: limitsSchema,
})
export type QueuedJob = z.infer<typeof queuedJobSchema>
