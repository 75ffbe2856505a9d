import {
  LIMIT_NAMES,
  LIMITS,
  type LimitBounds,
  type LimitName,
  type LimitsPolicy,
  WALL_CEILING_MS,
} from '@runnel/contract/public'
import type { SETTINGS } from '@runnel/process'
import type { z } from 'zod'

type Given = z.output<z.ZodObject<typeof SETTINGS.api>>

/** The two settings of each limit. */
const NAMES = {
  wallMs: ['RUNNEL_DEFAULT_WALL_MS', 'RUNNEL_MAX_WALL_MS'],
  cpuMs: ['RUNNEL_DEFAULT_CPU_MS', 'RUNNEL_MAX_CPU_MS'],
  memoryBytes: ['RUNNEL_DEFAULT_MEMORY_BYTES', 'RUNNEL_MAX_MEMORY_BYTES'],
  outputBytes: ['RUNNEL_DEFAULT_OUTPUT_BYTES', 'RUNNEL_MAX_OUTPUT_BYTES'],
  processes: ['RUNNEL_DEFAULT_PROCESSES', 'RUNNEL_MAX_PROCESSES'],
  diskBytes: ['RUNNEL_DEFAULT_DISK_BYTES', 'RUNNEL_MAX_DISK_BYTES'],
} as const satisfies Record<LimitName, readonly [keyof Given, keyof Given]>

/** A deployment may lower the maximum below our default; then the default is the maximum. */
const readBounds = (name: LimitName, given: Given): LimitBounds => {
  const { minimum, ...ours } = LIMITS[name]
  const [defaultName, maximumName] = NAMES[name]
  const maximum = given[maximumName] ?? ours.maximum
  return { minimum, maximum, default: given[defaultName] ?? Math.min(ours.default, maximum) }
}

export const checkLimits = (given: Given, context: z.RefinementCtx): void => {
  for (const name of LIMIT_NAMES) {
    const { minimum, maximum, default: chosen } = readBounds(name, given)
    const [defaultName, maximumName] = NAMES[name]
    const refuse = (setting: string, message: string) => context.addIssue({ code: 'custom', path: [setting], message })
    if (maximum < minimum) refuse(maximumName, `must be at least ${minimum}`)
    else if (name === 'wallMs' && maximum > WALL_CEILING_MS) refuse(maximumName, `must be at most ${WALL_CEILING_MS}`)
    else if (chosen < minimum) refuse(defaultName, `must be at least ${minimum}`)
    else if (chosen > maximum) refuse(defaultName, `must be at most ${maximum}, the value of ${maximumName}`)
  }
}

export const readLimitsPolicy = (given: Given): LimitsPolicy => ({
  wallMs: readBounds('wallMs', given),
  cpuMs: readBounds('cpuMs', given),
  memoryBytes: readBounds('memoryBytes', given),
  outputBytes: readBounds('outputBytes', given),
  processes: readBounds('processes', given),
  diskBytes: readBounds('diskBytes', given),
})
