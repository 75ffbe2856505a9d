import { SERVE_LIMITS, type ServeLimitName } from '@runnel/contract/public'
import { optionalSetting, wholeNumber } from './setting.ts'

const defaultOf = (name: ServeLimitName) => {
  const { default: value, minimum, reason } = SERVE_LIMITS[name]
  return optionalSetting(
    { ...wholeNumber(0), type: `whole number, ${minimum} to the maximum` },
    {
      unit: 'ms',
      absent: `\`${value}\`, or the maximum if that is lower`,
      does: `\`${name}\` of a job with \`serve\` that names none. Its maximum is that of a sandbox.`,
      reason,
    },
  )
}

export const serveLimits = {
  RUNNEL_DEFAULT_SERVE_TIMEOUT_MS: defaultOf('timeoutMs'),
  RUNNEL_DEFAULT_SERVE_IDLE_TIMEOUT_MS: defaultOf('idleTimeoutMs'),
}
