import { RequestError, type Sandbox, type SandboxTimes } from '@runnel/contract/public'
import { sandboxEnded } from '@runnel/gateway/client'
import type { SandboxRecord } from '@runnel/registry'
import type { Requester } from '../requester.ts'
import { endSite } from '../sites/end-site.ts'
import { isSiteSandbox } from '../sites/is-site.ts'
import { removeQueuedSandbox } from './accept-sandbox.ts'
import { readLivingRecord, readRecord } from './find-sandbox.ts'
import { requireWithinMaxima } from './prepare-sandbox.ts'
import type { SandboxParts } from './sandbox-parts.ts'
import { toSandbox } from './to-sandbox.ts'

/** Counts from now, and may shorten. */
export const setSandboxTimes = async (
  parts: SandboxParts,
  requester: Requester,
  id: string,
  times: SandboxTimes,
): Promise<Sandbox> => {
  requireWithinMaxima(times, requester.tenant)
  const record = await readLivingRecord(parts, requester, id)
  if (isSiteSandbox(record)) return setSiteTimes(parts, record, times)
  const { answer } = await parts.gateway.call(id, 'set-times', times)
  return toSandbox(parts, { ...record, ...answer })
}

const setSiteTimes = async (
  parts: SandboxParts,
  record: SandboxRecord,
  { timeoutMs = record.timeoutMs, idleTimeoutMs = record.idleTimeoutMs }: SandboxTimes,
): Promise<Sandbox> => {
  const endsAt = await parts.sites.setTimes(record, { timeoutMs, idleTimeoutMs })
  if (endsAt === undefined) throw sandboxEnded({ ending: 'deleted' })
  return toSandbox(parts, { ...record, timeoutMs, idleTimeoutMs, endsAt })
}

export const pauseSandbox = async (parts: SandboxParts, requester: Requester, id: string): Promise<Sandbox> => {
  const record = await readLivingRecord(parts, requester, id)
  await parts.gateway.call(id, 'pause', {})
  requester.auditLog('A sandbox was paused', { sandboxId: id })
  return toSandbox(parts, { ...record, status: 'paused' })
}

export const resumeSandbox = async (parts: SandboxParts, requester: Requester, id: string): Promise<Sandbox> => {
  const record = await readLivingRecord(parts, requester, id)
  await parts.gateway.call(id, 'resume', {})
  requester.auditLog('A sandbox was resumed', { sandboxId: id })
  return toSandbox(parts, { ...record, status: 'running' })
}

const isOver = (error: unknown): boolean => error instanceof RequestError && error.code === 'sandbox-ended'

/**
 * Ends a sandbox. One that waits leaves the queue, another one is ended by its worker. Deleting it again changes nothing, and answers
 * with how it ended.
 */
export const deleteSandbox = async (parts: SandboxParts, requester: Requester, id: string): Promise<Sandbox> => {
  const record = await readRecord(parts, requester, id)
  if (record.status === 'queued') await removeQueuedSandbox(parts, id)
  const now = record.status === 'queued' ? await readRecord(parts, requester, id) : record
  // A worker may have started it at this moment: then it is not queued any more, and has to be asked.
  if (now.ending === undefined && isSiteSandbox(now)) await endSite(parts, now, 'deleted')
  else if (now.ending === undefined) {
    await parts.gateway.call(id, 'delete', {}).catch((error: unknown) => {
      if (!isOver(error)) throw error
    })
  }
  if (record.ending === undefined) requester.auditLog('A sandbox was deleted', { sandboxId: id })
  return toSandbox(parts, await readRecord(parts, requester, id))
}
