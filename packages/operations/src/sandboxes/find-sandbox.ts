import { RequestError } from '@runnel/contract/public'
import { hasEnded, sandboxEnded } from '@runnel/gateway/client'
import type { SandboxRecord } from '@runnel/registry'
import type { Requester } from '../requester.ts'
import type { SandboxParts } from './sandbox-parts.ts'

export const sandboxNotFound = (): RequestError =>
  new RequestError('sandbox-not-found', 'There is no sandbox with this id; an ended one is kept only for a while')

/** Another tenant's id gets the same answer as one that never existed, with the same work: Redis is not asked. */
export const requireOwnSandbox = async (
  { sandboxIds }: SandboxParts,
  { tenant }: Requester,
  id: string,
): Promise<void> => {
  if (!(await sandboxIds.isOf(tenant.id, id))) throw sandboxNotFound()
}

export const readRecord = async (parts: SandboxParts, requester: Requester, id: string): Promise<SandboxRecord> => {
  await requireOwnSandbox(parts, requester, id)
  const record = await parts.records.read(id)
  // The mark in an id has few bits. The record decides.
  if (record?.tenantId !== requester.tenant.id) throw sandboxNotFound()
  return record
}

/** For what changes a sandbox. One that has ended is told as such. */
export const readLivingRecord = async (
  parts: SandboxParts,
  requester: Requester,
  id: string,
): Promise<SandboxRecord> => {
  const record = await readRecord(parts, requester, id)
  if (hasEnded(record)) throw sandboxEnded(record)
  return record
}
