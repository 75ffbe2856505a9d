import {
  type LimitBounds,
  type SandboxPolicy,
  SERVE_LIMITS,
  type ServeLimitName,
  type ServePolicy,
} from '@runnel/contract/public'
import type { SETTINGS } from '@runnel/process'
import type { z } from 'zod'
import { readSandboxPolicy } from './sandbox-limits-config.ts'

type Given = z.output<z.ZodObject<typeof SETTINGS.api>>

const NAMES = {
  timeoutMs: 'RUNNEL_DEFAULT_SERVE_TIMEOUT_MS',
  idleTimeoutMs: 'RUNNEL_DEFAULT_SERVE_IDLE_TIMEOUT_MS',
} as const satisfies Record<ServeLimitName, keyof Given>

/** The bounds are those of sandboxes, which a deployment may have lowered. */
const readBounds = (
  name: ServeLimitName,
  given: Given,
  { [name]: { minimum, maximum } }: SandboxPolicy,
): LimitBounds => ({
  minimum,
  maximum,
  default: given[NAMES[name]] ?? Math.min(SERVE_LIMITS[name].default, maximum),
})

export const readServePolicy = (given: Given): ServePolicy => {
  const policy = readSandboxPolicy(given)
  return {
    timeoutMs: readBounds('timeoutMs', given, policy),
    idleTimeoutMs: readBounds('idleTimeoutMs', given, policy),
  }
}

export const checkServeLimits = (given: Given, context: z.RefinementCtx): void => {
  const policy = readServePolicy(given)
  for (const name of ['timeoutMs', 'idleTimeoutMs'] as const) {
    const { minimum, maximum, default: chosen } = policy[name]
    const refuse = (message: string) => context.addIssue({ code: 'custom', path: [NAMES[name]], message })
    if (chosen < minimum) refuse(`must be at least ${minimum}`)
    else if (chosen > maximum) refuse(`must be at most ${maximum}, the longest that a sandbox may have`)
  }
}
