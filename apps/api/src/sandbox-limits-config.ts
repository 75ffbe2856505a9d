import {
  type LimitBounds,
  SANDBOX_LIMIT_NAMES,
  SANDBOX_LIMITS,
  type SandboxLimitName,
  type SandboxPolicy,
} from '@runnel/contract/public'
import type { SETTINGS } from '@runnel/process'
import type { z } from 'zod'

type Given = z.output<z.ZodObject<typeof SETTINGS.api>>

/** The two settings of each limit. */
const NAMES = {
  timeoutMs: ['RUNNEL_DEFAULT_SANDBOX_TIMEOUT_MS', 'RUNNEL_MAX_SANDBOX_TIMEOUT_MS'],
  idleTimeoutMs: ['RUNNEL_DEFAULT_SANDBOX_IDLE_TIMEOUT_MS', 'RUNNEL_MAX_SANDBOX_IDLE_TIMEOUT_MS'],
  commandMs: ['RUNNEL_DEFAULT_SANDBOX_COMMAND_MS', 'RUNNEL_MAX_SANDBOX_COMMAND_MS'],
  memoryBytes: ['RUNNEL_DEFAULT_SANDBOX_MEMORY_BYTES', 'RUNNEL_MAX_SANDBOX_MEMORY_BYTES'],
  diskBytes: ['RUNNEL_DEFAULT_SANDBOX_DISK_BYTES', 'RUNNEL_MAX_SANDBOX_DISK_BYTES'],
  processes: ['RUNNEL_DEFAULT_SANDBOX_PROCESSES', 'RUNNEL_MAX_SANDBOX_PROCESSES'],
} as const satisfies Record<SandboxLimitName, readonly [keyof Given, keyof Given]>

/** A deployment may lower the maximum below our default; then the default is the maximum. */
const readBounds = (name: SandboxLimitName, given: Given): LimitBounds => {
  const { minimum, ...ours } = SANDBOX_LIMITS[name]
  const [defaultName, maximumName] = NAMES[name]
  const maximum = given[maximumName] ?? ours.maximum
  return { minimum, maximum, default: given[defaultName] ?? Math.min(ours.default, maximum) }
}

export const checkSandboxLimits = (given: Given, context: z.RefinementCtx): void => {
  for (const name of SANDBOX_LIMIT_NAMES) {
    const { minimum, maximum, default: chosen } = readBounds(name, given)
    const [defaultName, maximumName] = NAMES[name]
    const ceiling = SANDBOX_LIMITS[name].maximum
    const refuse = (setting: string, message: string) => context.addIssue({ code: 'custom', path: [setting], message })
    if (maximum < minimum) refuse(maximumName, `must be at least ${minimum}`)
    else if (maximum > ceiling) refuse(maximumName, `must be at most ${ceiling}`)
    else if (chosen < minimum) refuse(defaultName, `must be at least ${minimum}`)
    else if (chosen > maximum) refuse(defaultName, `must be at most ${maximum}, the value of ${maximumName}`)
  }
}

export const readSandboxPolicy = (given: Given): SandboxPolicy => ({
  timeoutMs: readBounds('timeoutMs', given),
  idleTimeoutMs: readBounds('idleTimeoutMs', given),
  commandMs: readBounds('commandMs', given),
  memoryBytes: readBounds('memoryBytes', given),
  diskBytes: readBounds('diskBytes', given),
  processes: readBounds('processes', given),
})
