import { z } from 'zod'
import type { LimitBounds } from './limits.ts'

const MIB = 1024 * 1024
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/**
 * The bounds of a sandbox. A deployment may set other ones (`RUNNEL_DEFAULT_SANDBOX_…`, `RUNNEL_MAX_SANDBOX_…`), and each tenant
 * may have maxima of its own. There is no limit of total processor time: sandboxes share the processors.
 */
export const SANDBOX_LIMITS = {
  timeoutMs: {
    default: 5 * MINUTE_MS,
    minimum: 1_000,
    maximum: DAY_MS,
    reason: 'Enough for a few calls of a program that forgets to delete it; who needs longer says so, or extends it.',
  },
  idleTimeoutMs: {
    default: 10 * MINUTE_MS,
    minimum: 1_000,
    maximum: DAY_MS,
    reason: 'A person who reads an answer is back within ten minutes.',
  },
  commandMs: {
    default: MINUTE_MS,
    minimum: 10,
    maximum: DAY_MS,
    reason: 'A minute is long for a step that something waits for; servers run in the background, without this limit.',
  },
  memoryBytes: {
    default: 1024 * MIB,
    minimum: 64 * MIB,
    maximum: 4096 * MIB,
    reason: 'A data frame of some hundred MB and a server beside it. Files are in memory, so they count too.',
  },
  diskBytes: {
    default: 512 * MIB,
    minimum: 4 * MIB,
    maximum: 2048 * MIB,
    reason: 'Half of the memory: the files are in memory, so they also count into `memoryBytes`.',
  },
  processes: {
    default: 256,
    minimum: 8,
    maximum: 1024,
    reason: 'Four times what a job has: a shell, a server and a build at the same time.',
  },
} as const satisfies Record<string, LimitBounds & { readonly reason: string }>

export type SandboxLimitName = keyof typeof SANDBOX_LIMITS
/** The bounds that a deployment grants. */
export type SandboxPolicy = { readonly [name in SandboxLimitName]: LimitBounds }
export type SomeSandboxLimits = { readonly [name in SandboxLimitName]?: number | undefined }

export const SANDBOX_LIMIT_NAMES = [
  'timeoutMs',
  'idleTimeoutMs',
  'commandMs',
  'memoryBytes',
  'diskBytes',
  'processes',
] as const satisfies readonly SandboxLimitName[]

/** What of these is enforced by the place itself, complete. */
export const sandboxLimitsSchema = z.object({
  memoryBytes: z.int().positive().describe('Memory of everything in the sandbox together, files included, in bytes.'),
  diskBytes: z
    .int()
    .positive()
    .describe(
      'Size of /home/user, /mnt/data and /workspace together, in bytes. They are in memory and count into `memoryBytes`.',
    ),
  processes: z.int().positive().describe('Processes and threads alive at the same time.'),
})
export type SandboxLimits = z.infer<typeof sandboxLimitsSchema>

/** A number that a request may choose, with a sentence that says the bounds. */
export const boundedNumber = (field: string, { minimum, maximum }: LimitBounds) => {
  const outside = (given: unknown) =>
    `Cannot read ${field}: ${JSON.stringify(given)} is not a whole number from ${minimum} to ${maximum}`
  return z
    .int({ error: ({ input }) => outside(input) })
    .min(minimum, { error: ({ input }) => outside(input) })
    .max(maximum, { error: ({ input }) => outside(input) })
    .optional()
}
