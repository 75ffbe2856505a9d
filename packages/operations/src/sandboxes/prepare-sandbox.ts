import type { QueuedSandbox } from '@runnel/contract/internal'
import {
  RequestError,
  SANDBOX_LIMIT_NAMES,
  SANDBOX_TEMPLATE,
  type SandboxLimitName,
  type SandboxRequest,
  type SomeSandboxLimits,
  type Tenant,
} from '@runnel/contract/public'
import { isOfPrograms } from '@runnel/languages'
import { findStoredFiles } from '../files/find-stored-files.ts'
import { nameLanguage } from '../jobs/choose-language.ts'
import { languagesOf } from '../jobs/create-job.ts'
import type { Requester } from '../requester.ts'
import type { SandboxParts } from './sandbox-parts.ts'

const pathOf = (name: SandboxLimitName): string =>
  name === 'memoryBytes' || name === 'diskBytes' || name === 'processes' ? `limits.${name}` : name

/** A chosen value above the tenant's maximum is refused, not lowered. */
export const requireWithinMaxima = (chosen: SomeSandboxLimits, { limits: { sandboxLimits: maxima } }: Tenant): void => {
  const details = SANDBOX_LIMIT_NAMES.flatMap((name) => {
    const [value, maximum] = [chosen[name], maxima[name]]
    if (value === undefined || maximum === undefined || value <= maximum) return []
    const path = pathOf(name)
    return [{ path, message: `Cannot read ${path}: ${value} is over this tenant's maximum of ${maximum}` }]
  })
  if (details[0] !== undefined) throw new RequestError('invalid-request', details[0].message, { details })
}

/** What was chosen, or the deployment's default, lowered to the tenant's maximum. */
export const chooseSandboxLimit = (
  { sandboxPolicy }: Pick<SandboxParts, 'sandboxPolicy'>,
  { limits: { sandboxLimits: maxima } }: Tenant,
  name: SandboxLimitName,
  chosen: number | undefined,
): number => chosen ?? Math.min(sandboxPolicy[name].default, maxima[name] ?? Number.POSITIVE_INFINITY)

/** Without a choice the files may take half of the memory, because they are in it. */
export const chooseSizes = (
  parts: SandboxParts,
  tenant: Tenant,
  { limits }: Pick<SandboxRequest, 'limits'>,
): QueuedSandbox['limits'] => {
  const memoryBytes = chooseSandboxLimit(parts, tenant, 'memoryBytes', limits.memoryBytes)
  const usualDisk = chooseSandboxLimit(parts, tenant, 'diskBytes', undefined)
  const diskBytes = limits.diskBytes ?? Math.min(usualDisk, Math.floor(memoryBytes / 2))
  if (diskBytes > memoryBytes) {
    throw new RequestError(
      'invalid-request',
      `Cannot read limits.diskBytes: ${diskBytes} is more than limits.memoryBytes, ${memoryBytes}; files are in memory, so ask for more of that too`,
    )
  }
  return { memoryBytes, diskBytes, processes: chooseSandboxLimit(parts, tenant, 'processes', limits.processes) }
}

/** Makes every choice that the request leaves open. Throws a RequestError if the tenant may not have such a sandbox. */
export const prepareSandbox = async (
  parts: SandboxParts,
  { tenant, keyId }: Requester,
  request: SandboxRequest,
): Promise<QueuedSandbox> => {
  const { template = SANDBOX_TEMPLATE, timeoutMs, idleTimeoutMs, limits, ...rest } = request
  requireWithinMaxima({ timeoutMs, idleTimeoutMs, ...limits }, tenant)
  const { env, workDir, metadata, autoResume, public: isPublic, maskHost, files } = rest
  const sizes = chooseSizes(parts, tenant, request)
  const storedFiles = await findStoredFiles(parts, tenant, files, sizes.diskBytes)
  return {
    kind: 'sandbox',
    id: await parts.sandboxIds.create(tenant.id),
    tenantId: tenant.id,
    submittedAt: new Date().toISOString(),
    template: nameLanguage(template, languagesOf(parts.languages, tenant).filter(isOfPrograms)).id,
    limits: sizes,
    env,
    workDir,
    metadata,
    files: files.flatMap(({ path, content, encoding }) => (content === undefined ? [] : [{ path, content, encoding }])),
    ...(storedFiles.length === 0 ? {} : { storedFiles }),
    timeoutMs: chooseSandboxLimit(parts, tenant, 'timeoutMs', timeoutMs),
    idleTimeoutMs: chooseSandboxLimit(parts, tenant, 'idleTimeoutMs', idleTimeoutMs),
    autoResume,
    public: isPublic,
    ...(maskHost === undefined ? {} : { maskHost }),
    keyId,
  }
}
