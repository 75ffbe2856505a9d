import { type Limits, SERVE, type Submission, type Tenant } from '@runnel/contract/public'
import { chooseSizes, requireWithinMaxima } from '../sandboxes/prepare-sandbox.ts'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'

/** How long a job with previews lives, in milliseconds: in all, and without being asked for anything. */
export interface ServeTimes {
  readonly timeoutMs: number
  readonly idleTimeoutMs: number
}

/** What was chosen, or the deployment's default, lowered to the tenant's maximum. */
export const chooseServeTimes = (
  { servePolicy }: Pick<SandboxParts, 'servePolicy'>,
  { limits: { sandboxLimits: maxima } }: Tenant,
  given: Pick<Submission, 'timeoutMs' | 'idleTimeoutMs'>,
): ServeTimes => {
  const choose = (name: keyof ServeTimes): number =>
    given[name] ?? Math.min(servePolicy[name].default, maxima[name] ?? Number.POSITIVE_INFINITY)
  return { timeoutMs: choose('timeoutMs'), idleTimeoutMs: choose('idleTimeoutMs') }
}

/**
 * The limits of a job that serves: those of its sandbox. It has no time of its own; `wallMs` and `cpuMs` say what its sandbox lets it
 * take. Throws a RequestError if the tenant may not have them.
 */
export const chooseServedLimits = (parts: SandboxParts, tenant: Tenant, submission: Submission): Limits => {
  const { memoryBytes, diskBytes, processes, outputBytes } = submission.limits
  const times = chooseServeTimes(parts, tenant, submission)
  requireWithinMaxima({ ...times, memoryBytes, diskBytes, processes }, tenant)
  const sizes = chooseSizes(parts, tenant, submission)
  const mostOutput = Math.min(parts.policy.outputBytes.maximum, tenant.limits.limits.outputBytes ?? SERVE.outputBytes)
  return {
    ...sizes,
    wallMs: times.timeoutMs,
    cpuMs: times.timeoutMs * sizes.processes,
    outputBytes: outputBytes ?? Math.min(SERVE.outputBytes, mostOutput),
  }
}
