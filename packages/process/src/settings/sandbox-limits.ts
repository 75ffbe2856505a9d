import { SANDBOX_LIMITS, type SandboxLimitName } from '@runnel/contract/public'
import { optionalSetting, wholeNumber } from './setting.ts'

const toUnit = (name: SandboxLimitName): string => /Ms$|Bytes$/.exec(name)?.[0].toLowerCase() ?? name

const WHAT: Readonly<Record<SandboxLimitName, string>> = {
  timeoutMs: '`timeoutMs` of a sandbox',
  idleTimeoutMs: '`idleTimeoutMs` of a sandbox',
  commandMs: '`timeoutMs` of a foreground command of a sandbox',
  memoryBytes: '`limits.memoryBytes` of a sandbox',
  diskBytes: '`limits.diskBytes` of a sandbox',
  processes: '`limits.processes` of a sandbox',
}

/** Whether a value fits its limit's bounds depends on the other variable of that limit: the API checks it. */
const defaultOf = (name: SandboxLimitName) => {
  const { default: value, minimum, reason } = SANDBOX_LIMITS[name]
  return optionalSetting(
    { ...wholeNumber(0), type: `whole number, ${minimum} to the maximum` },
    {
      unit: toUnit(name),
      absent: `\`${value}\`, or the maximum if that is lower`,
      does: `${WHAT[name]} that names none.`,
      reason,
    },
  )
}

const maximumOf = (name: SandboxLimitName) => {
  const { maximum, minimum } = SANDBOX_LIMITS[name]
  return optionalSetting(
    { ...wholeNumber(0), type: `whole number, ${minimum} to ${maximum}` },
    {
      unit: toUnit(name),
      absent: `\`${maximum}\``,
      does: `The highest ${WHAT[name]}.`,
      reason: 'Many times the default, and one sandbox still cannot keep a machine for itself.',
    },
  )
}

export const sandboxLimits = {
  RUNNEL_DEFAULT_SANDBOX_TIMEOUT_MS: defaultOf('timeoutMs'),
  RUNNEL_MAX_SANDBOX_TIMEOUT_MS: maximumOf('timeoutMs'),
  RUNNEL_DEFAULT_SANDBOX_IDLE_TIMEOUT_MS: defaultOf('idleTimeoutMs'),
  RUNNEL_MAX_SANDBOX_IDLE_TIMEOUT_MS: maximumOf('idleTimeoutMs'),
  RUNNEL_DEFAULT_SANDBOX_COMMAND_MS: defaultOf('commandMs'),
  RUNNEL_MAX_SANDBOX_COMMAND_MS: maximumOf('commandMs'),
  RUNNEL_DEFAULT_SANDBOX_MEMORY_BYTES: defaultOf('memoryBytes'),
  RUNNEL_MAX_SANDBOX_MEMORY_BYTES: maximumOf('memoryBytes'),
  RUNNEL_DEFAULT_SANDBOX_DISK_BYTES: defaultOf('diskBytes'),
  RUNNEL_MAX_SANDBOX_DISK_BYTES: maximumOf('diskBytes'),
  RUNNEL_DEFAULT_SANDBOX_PROCESSES: defaultOf('processes'),
  RUNNEL_MAX_SANDBOX_PROCESSES: maximumOf('processes'),
}
