import type { LimitBounds } from './limits.ts'
import { SANDBOX_LIMITS } from './sandbox-limits.ts'

const MIB = 1024 * 1024
const MINUTE_MS = 60_000

/** How long a job with `serve` lives: bounds as those of a sandbox, which it has for itself, with defaults of its own. */
export const SERVE_LIMITS = {
  timeoutMs: {
    ...SANDBOX_LIMITS.timeoutMs,
    default: 60 * MINUTE_MS,
    reason: 'A person looks at it and comes back to it for an hour; nobody deletes it.',
  },
  idleTimeoutMs: {
    ...SANDBOX_LIMITS.idleTimeoutMs,
    default: 5 * MINUTE_MS,
    reason: 'Nobody has asked it for anything for five minutes: the page is closed.',
  },
} as const satisfies Record<string, LimitBounds & { readonly reason: string }>

export type ServeLimitName = keyof typeof SERVE_LIMITS
/** The bounds that a deployment grants. */
export type ServePolicy = { readonly [name in ServeLimitName]: LimitBounds }

export const SERVE = {
  /** `limits.outputBytes` of a job with `serve` that names none: some 100,000 requests of a server that logs each. */
  outputBytes: 8 * MIB,
  /** `PORT` of a job with `serve` that has no such variable in `env`. */
  port: 8_000,
} as const
