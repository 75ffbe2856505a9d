import { z } from 'zod'
import { sandboxEndingSchema } from './sandbox-ending.ts'

/** A limit that did not end the program: the kernel refused it a process, a page or a block, and it went on. */
export const limitHitSchema = z.object({
  limit: z.enum(['memoryBytes', 'processes', 'diskBytes']),
  value: z.int().positive(),
})
export type LimitHit = z.infer<typeof limitHitSchema>

const limitsHit = z
  .array(limitHitSchema)
  .optional()
  .describe('Limits that the program reached before it ended, if any.')

/**
 * How a job, or a foreground command of a sandbox, ended. `sandbox-failed` is our fault. `sandbox-ended` is that of a command, or of
 * a job that serves: its sandbox ended before it, and `ending` says why. All others are the program's or the caller's doing.
 */
export const outcomeSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('exited'),
    exitCode: z.int().min(0).max(255),
    limitsHit,
  }),
  z.object({
    type: z.literal('signaled'),
    signal: z.string().describe('For example SIGSEGV.'),
    limitsHit,
  }),
  z.object({
    type: z.literal('timed-out'),
    limit: z.enum(['wall', 'cpu']),
    limitMs: z.int().positive(),
    limitsHit,
  }),
  z.object({
    type: z.literal('out-of-memory'),
    limitBytes: z.int().positive(),
  }),
  z.object({
    type: z.literal('output-limit'),
    limitBytes: z.int().positive(),
  }),
  z.object({ type: z.literal('canceled') }),
  z.object({
    type: z.literal('sandbox-ended'),
    ending: sandboxEndingSchema.describe('Why its sandbox ended.'),
  }),
  z.object({
    type: z.literal('sandbox-failed'),
    reference: z.string().describe('The log of the worker, or of the API, has this reference.'),
    message: z
      .string()
      .optional()
      .describe('Why it could not start, where its caller can mend that: one of its files was deleted, say.'),
  }),
])
export type Outcome = z.infer<typeof outcomeSchema>

/** The words that outcomes are counted and found by. `succeeded`: exited with 0. `failed`: exited with another code. */
export const OUTCOME_CLASSES = [
  'succeeded',
  'failed',
  'signaled',
  'timed-out',
  'out-of-memory',
  'output-limit',
  'canceled',
  'sandbox-ended',
  'sandbox-failed',
] as const
export const outcomeClassSchema = z.enum(OUTCOME_CLASSES)
export type OutcomeClass = z.output<typeof outcomeClassSchema>

export const toOutcomeClass = (outcome: Outcome): OutcomeClass => {
  if (outcome.type !== 'exited') return outcome.type
  return outcome.exitCode === 0 ? 'succeeded' : 'failed'
}

export const usageSchema = z.object({
  wallMs: z.number().nonnegative(),
  cpuMs: z.number().nonnegative().nullable().describe('null if it could not be read.'),
  peakMemoryBytes: z.int().nonnegative().nullable().describe('null if nothing measures it (the local sandbox).'),
})
export type Usage = z.infer<typeof usageSchema>
