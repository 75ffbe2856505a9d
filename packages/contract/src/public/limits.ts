import { z } from 'zod'

const KIB = 1024
const MIB = 1024 * KIB

/** The bounds of one limit: whole numbers, in the unit at the end of the limit's name. */
export interface LimitBounds {
  readonly default: number
  readonly minimum: number
  readonly maximum: number
}

/**
 * The limits of a job. A deployment may set other bounds (`RUNNEL_DEFAULT_…`, `RUNNEL_MAX_…`); a request may choose anything
 * within them, for each limit.
 */
export const LIMITS = {
  wallMs: {
    default: 30_000,
    minimum: 10,
    maximum: 300_000,
    reason: 'A person in a chat does not wait longer than half a minute for an answer.',
  },
  cpuMs: {
    default: 10_000,
    minimum: 10,
    maximum: 300_000,
    reason: 'A third of the wall time: enough for real work, and short enough to end a busy loop.',
  },
  memoryBytes: {
    default: 256 * MIB,
    minimum: 32 * MIB,
    maximum: 2048 * MIB,
    reason: 'Heaps, page cache and files all count. Below 32 MiB no interpreter starts.',
  },
  outputBytes: {
    default: MIB,
    minimum: 1,
    maximum: 64 * MIB,
    reason: 'A screen shows far less, and a runaway print loop reaches it within milliseconds.',
  },
  processes: {
    default: 64,
    minimum: 1,
    maximum: 512,
    reason: 'Threads count too, and Node alone needs about eleven.',
  },
  diskBytes: {
    default: 64 * MIB,
    minimum: 4 * MIB,
    maximum: 1024 * MIB,
    reason: 'The files are in memory, so they also count into `memoryBytes`.',
  },
} as const satisfies Record<string, LimitBounds & { readonly reason: string }>

/** No deployment may let a program run longer than an hour: older containers are removed as abandoned. */
export const WALL_CEILING_MS = 3_600_000

export type LimitName = keyof typeof LIMITS
export type Limits = { readonly [name in LimitName]: number }
/** Values of some limits: those that a request names, or a tenant's maxima. */
export type SomeLimits = { readonly [name in LimitName]?: number | undefined }
export type LimitsPolicy = { readonly [name in LimitName]: LimitBounds }

export const LIMIT_NAMES = Object.keys(LIMITS) as readonly LimitName[]

/** The limits of one job, complete: what is enforced, and what a job answers with. */
export const limitsSchema = z.object({
  wallMs: z.int().positive().describe('Time from the start of the program, in milliseconds.'),
  cpuMs: z.int().positive().describe('Processor time of all its processes together, in milliseconds.'),
  memoryBytes: z.int().positive().describe('Memory of the whole sandbox, files included.'),
  outputBytes: z.int().positive().describe('stdout and stderr together.'),
  processes: z.int().positive().describe('Processes and threads alive at the same time.'),
  diskBytes: z.int().positive().describe('Size of /workspace; /tmp has a quarter of it on top.'),
})

/** The limits a request may name, checked against `policy`; what is left out stays open for `chooseLimits`. */
export const createLimitsRequestSchema = (policy: LimitsPolicy) => {
  const limit = (name: LimitName) => {
    const { minimum, maximum, default: fallback } = policy[name]
    const outside = (given: unknown) =>
      `Cannot read limits.${name}: ${JSON.stringify(given)} is not a whole number from ${minimum} to ${maximum}`
    return z
      .int({ error: ({ input }) => outside(input) })
      .min(minimum, { error: ({ input }) => outside(input) })
      .max(maximum, { error: ({ input }) => outside(input) })
      .optional()
      .meta({ default: fallback })
      .describe(`${limitsSchema.shape[name].description} From ${minimum} to ${maximum}.`)
  }
  return z.strictObject({
    wallMs: limit('wallMs'),
    cpuMs: limit('cpuMs'),
    memoryBytes: limit('memoryBytes'),
    outputBytes: limit('outputBytes'),
    processes: limit('processes'),
    diskBytes: limit('diskBytes'),
  })
}

/**
 * The limits of one job: what it chose, or the deployment's default, lowered to the tenant's maximum. A chosen value is not
 * lowered, so that the caller can refuse it.
 */
export const chooseLimits = (chosen: SomeLimits, policy: LimitsPolicy, maxima: SomeLimits = {}): Limits => {
  const choose = (name: LimitName): number =>
    chosen[name] ?? Math.min(policy[name].default, maxima[name] ?? policy[name].default)
  return {
    wallMs: choose('wallMs'),
    cpuMs: choose('cpuMs'),
    memoryBytes: choose('memoryBytes'),
    outputBytes: choose('outputBytes'),
    processes: choose('processes'),
    diskBytes: choose('diskBytes'),
  }
}

export const defaultLimits = (policy: LimitsPolicy = LIMITS): Limits => chooseLimits({}, policy)
