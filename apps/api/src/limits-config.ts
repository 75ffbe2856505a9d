import {
  LIMIT_NAMES,
  LIMITS,
  type LimitBounds,
  type LimitName,
  type LimitsPolicy,
  WALL_CEILING_MS,
} from '@runnel/contract/public'
import { z } from 'zod'

/** `wallMs` is set by `RUNNEL_DEFAULT_WALL_MS` and `RUNNEL_MAX_WALL_MS`. */
const toVariable = (kind: 'DEFAULT' | 'MAX', name: LimitName): string =>
  `RUNNEL_${kind}_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

const numberSchema = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number)
  .optional()

const variables = LIMIT_NAMES.flatMap((name) => [toVariable('DEFAULT', name), toVariable('MAX', name)])

type Given = Readonly<Record<string, number | undefined>>

/** Our own bounds with what the deployment says instead. A default that was not chosen gives way to the maximum. */
const readBounds = (name: LimitName, given: Given): LimitBounds => {
  const ours = LIMITS[name]
  const maximum = given[toVariable('MAX', name)] ?? ours.maximum
  const chosen = given[toVariable('DEFAULT', name)] ?? Math.min(ours.default, maximum)
  return { minimum: ours.minimum, maximum, default: chosen }
}

/** The limits a deployment grants: a default and a maximum for each, all optional. */
export const limitsConfigSchema = z
  .object(Object.fromEntries(variables.map((variable) => [variable, numberSchema])))
  .superRefine((given, context) => {
    for (const name of LIMIT_NAMES) {
      const { minimum, maximum, default: chosen } = readBounds(name, given)
      const refuse = (kind: 'DEFAULT' | 'MAX', message: string) =>
        context.addIssue({ code: 'custom', path: [toVariable(kind, name)], message })
      if (maximum < minimum) refuse('MAX', `must be at least ${minimum}`)
      else if (name === 'wallMs' && maximum > WALL_CEILING_MS) refuse('MAX', `must be at most ${WALL_CEILING_MS}`)
      else if (chosen < minimum) refuse('DEFAULT', `must be at least ${minimum}`)
      else if (chosen > maximum)
        refuse('DEFAULT', `must be at most ${maximum}, the value of ${toVariable('MAX', name)}`)
    }
  })
  .transform(
    (given): LimitsPolicy => ({
      wallMs: readBounds('wallMs', given),
      cpuMs: readBounds('cpuMs', given),
      memoryBytes: readBounds('memoryBytes', given),
      outputBytes: readBounds('outputBytes', given),
      processes: readBounds('processes', given),
      diskBytes: readBounds('diskBytes', given),
    }),
  )
