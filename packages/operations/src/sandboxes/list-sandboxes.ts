import { SANDBOX_PAGE, type SandboxListQuery, type SandboxPage } from '@runnel/contract/public'
import type { Requester } from '../requester.ts'
import type { SandboxParts } from './sandbox-parts.ts'
import { toListedSandbox } from './to-sandbox.ts'

/** A page of the sandboxes of a tenant, newest first. Throws `invalid-request` for a cursor that no page has given. */
export const listSandboxes = async (
  { records }: SandboxParts,
  { tenant }: Requester,
  { limit = SANDBOX_PAGE.default, cursor, status: statuses, metadata }: SandboxListQuery,
): Promise<SandboxPage> => {
  const page = await records.list(tenant.id, { statuses, metadata, cursor, count: limit })
  return {
    sandboxes: page.records.map(toListedSandbox),
    ...(page.next === undefined ? {} : { next: page.next }),
  }
}
