import { z } from 'zod'
import { isolationSchema, jobIdSchema } from '../public/job.ts'
import { limitsSchema } from '../public/limits.ts'
import { programSchema } from '../public/program.ts'

/**
 * What the client that submitted a job waits for: its output as it comes, or only its end. With `end` the first output
 * may be sent a little later, together with what follows it, which is usually the end.
 */
export const awaitsSchema = z.enum(['output', 'end'])
export type Awaits = z.infer<typeof awaitsSchema>

/** What the queue carries: all that a worker needs. Parsed again when it leaves Redis, where a newer API may have put it. */
export const queuedJobSchema = z.object({
  id: jobIdSchema,
  tenant: z.string().min(1),
  submittedAt: z.iso.datetime(),
  program: programSchema,
  isolation: isolationSchema,
  limits: limitsSchema,
  awaits: awaitsSchema.default('output'),
})
export type QueuedJob = z.infer<typeof queuedJobSchema>
