import type { SandboxRun } from '@runnel/contract/internal'
import { RequestError, SITE_TEMPLATE } from '@runnel/contract/public'
import type { PreparedJob } from '../jobs/prepare-job.ts'
import type { OperationParts } from '../parts.ts'
import { requireRedis } from '../request-errors.ts'
import { toStorageFull } from '../sandboxes/storage-full.ts'

const WORK_DIR = '/workspace'

/**
 * Accepts a job that is a site. In one step in Redis: its log with the events up to its port, its record and program, the record of its
 * sandbox, and its idempotency key. It runs from then on. Without an idempotency key and without an answer nobody knows it; then it ends
 * by itself, because nobody uses it.
 */
export const acceptSite = async (
  parts: OperationParts,
  { job, idempotency, isPublic, times }: PreparedJob,
): Promise<{ readonly id: string }> => {
  requireRedis(parts)
  const { siteLog, history, programs, sites, sandboxIds, recorder } = parts
  const sandboxId = await sandboxIds.create(job.tenantId)
  const run: SandboxRun = { ...job, sandboxId }
  const { tenantId, submittedAt, limits, keyId = null } = job
  const site = {
    ...{ id: sandboxId, jobId: job.id, tenantId, submittedAt, template: SITE_TEMPLATE, limits, keyId },
    ...{ workDir: WORK_DIR, metadata: {}, autoResume: false, public: isPublic, ...times },
  }
  const commands = [...history.acceptCommands(run), ...programs.acceptCommands(job), ...sites.acceptCommands(site)]
  const accepted = await siteLog.accept(run, commands, idempotency)
  if (accepted === 'key-reused') {
    throw new RequestError(
      'idempotency-key-reused',
      'Cannot take this job: another one was submitted under its idempotency key; use a new key, or send the same request again',
    )
  }
  if ('full' in accepted) throw toStorageFull(accepted.full, 'job')
  if (accepted.id === job.id) recorder.accepted()
  return accepted
}
