import type { QueuedJob } from '@runnel/contract/internal'
import {
  chooseLimits,
  LIMIT_NAMES,
  type Limits,
  RequestError,
  type Submission,
  type Tenant,
} from '@runnel/contract/public'
import type { JobLanguage } from '@runnel/languages'
import { fileBoundsOf } from '../files/file-bounds.ts'
import { findStoredFiles } from '../files/find-stored-files.ts'
import type { OperationParts } from '../parts.ts'
import type { Requester } from '../requester.ts'
import { isSite } from '../sites/is-site.ts'
import { findProgramServer } from './find-program-server.ts'
import { resolveProgram } from './resolve-program.ts'

/** A chosen limit above the tenant's maximum is refused, not lowered. */
const requireWithin = (chosen: Submission['limits'], { limits: { limits: maxima } }: Tenant): void => {
  const details = LIMIT_NAMES.flatMap((name) => {
    const [value, maximum] = [chosen[name], maxima[name]]
    if (value === undefined || maximum === undefined || value <= maximum) return []
    const message = `Cannot read limits.${name}: ${value} is over this tenant's maximum of ${maximum}`
    return [{ path: `limits.${name}`, message }]
  })
  if (details[0] !== undefined) throw new RequestError('invalid-request', details[0].message, { details })
}

/** The languages that a tenant may use. */
export const languagesOf = (languages: readonly JobLanguage[], { limits }: Tenant): readonly JobLanguage[] => {
  const allowed = limits.languages
  return allowed === null ? languages : languages.filter(({ id }) => allowed.includes(id))
}

/**
 * Makes every choice that the submission leaves open. Throws a RequestError if the tenant may not have such a job. `limits`: instead of
 * those of a plain job.
 */
export const createJob = async (
  parts: Pick<OperationParts, 'languages' | 'policy' | 'jobIds' | 'files' | 'fileBounds'>,
  { tenant, keyId }: Pick<Requester, 'tenant' | 'keyId'>,
  submission: Submission,
  limits: Limits = chooseLimits(submission.limits, parts.policy, tenant.limits.limits),
): Promise<QueuedJob> => {
  const { languages, jobIds } = parts
  requireWithin(submission.limits, tenant)
  const program = resolveProgram(submission, languagesOf(languages, tenant))
  if (submission.public && !submission.serve && !isSite(program.program)) {
    throw new RequestError(
      'invalid-request',
      'Cannot use `public` here: only what is served has a preview; send `serve: true` with it',
    )
  }
  const storedFiles = await findStoredFiles(parts, tenant, submission.files ?? [], limits.diskBytes)
  const { artifacts: patterns = [] } = submission
  return {
    id: await jobIds.create(tenant.id),
    tenantId: tenant.id,
    submittedAt: new Date().toISOString(),
    ...program,
    isolation: submission.isolation,
    limits,
    ...(storedFiles.length === 0 ? {} : { storedFiles }),
    ...(patterns.length === 0 ? {} : { artifacts: { patterns, bounds: fileBoundsOf(parts, tenant) } }),
    keyId,
    ...(isSite(program.program) ? { console: submission.console } : {}),
    ...(findProgramServer(program.program) === undefined ? {} : { serves: true }),
    submittedAs: submission.code === undefined ? 'files' : 'code',
  }
}
