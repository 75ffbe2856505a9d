import { LIMITS, type LimitName, WALL_CEILING_MS } from '@runnel/contract/public'
import { optionalSetting, wholeNumber } from './setting.ts'

/** Whether a value fits its limit's bounds depends on the other variable of that limit: the API checks it. */
const number = (name: LimitName, type: string) => ({ ...wholeNumber(0), type, unit: toUnit(name) })

const toUnit = (name: LimitName): string => /Ms$|Bytes$/.exec(name)?.[0].toLowerCase() ?? name

/** Workers prepare our own default. */
const READY_DISK =
  ' Cells have a disk of this size ready. With another default each job waits some milliseconds longer, and one with isolation `container` until a container is made for it.'

const defaultOf = (name: LimitName, also = '') => {
  const { default: value, minimum, reason } = LIMITS[name]
  const kind = number(name, `whole number, ${minimum} to the maximum`)
  return optionalSetting(kind, {
    unit: kind.unit,
    absent: `\`${value}\`, or the maximum if that is lower`,
    does: `\`limits.${name}\` of a job that names none.`,
    reason: `${reason}${also}`,
  })
}

const maximumOf = (name: LimitName) => {
  const { maximum, minimum } = LIMITS[name]
  const kind = number(
    name,
    name === 'wallMs' ? `whole number, ${minimum} to ${WALL_CEILING_MS}` : `whole number, at least ${minimum}`,
  )
  return optionalSetting(kind, {
    unit: kind.unit,
    absent: `\`${maximum}\``,
    does: `The highest \`limits.${name}\` that a job may ask for.`,
    reason: 'Many times the default, and one job still cannot keep a machine for itself.',
  })
}

export const limits = {
  RUNNEL_DEFAULT_WALL_MS: defaultOf('wallMs'),
  RUNNEL_MAX_WALL_MS: maximumOf('wallMs'),
  RUNNEL_DEFAULT_CPU_MS: defaultOf('cpuMs'),
  RUNNEL_MAX_CPU_MS: maximumOf('cpuMs'),
  RUNNEL_DEFAULT_MEMORY_BYTES: defaultOf('memoryBytes'),
  RUNNEL_MAX_MEMORY_BYTES: maximumOf('memoryBytes'),
  RUNNEL_DEFAULT_OUTPUT_BYTES: defaultOf('outputBytes'),
  RUNNEL_MAX_OUTPUT_BYTES: maximumOf('outputBytes'),
  RUNNEL_DEFAULT_PROCESSES: defaultOf('processes'),
  RUNNEL_MAX_PROCESSES: maximumOf('processes'),
  RUNNEL_DEFAULT_DISK_BYTES: defaultOf('diskBytes', READY_DISK),
  RUNNEL_MAX_DISK_BYTES: maximumOf('diskBytes'),
}
