import type { StoredFilePage } from '@runnel/contract/public'
import type { OperationParts } from '../parts.ts'
import type { Requester } from '../requester.ts'

export interface FileQuery {
  readonly limit: number
  /** The `next` of the page before. */
  readonly cursor?: string | undefined
}

/** The whole files of the tenant, newest first. */
export const listFiles = async (
  { files }: OperationParts,
  { tenant }: Requester,
  { limit, cursor }: FileQuery,
): Promise<StoredFilePage> => {
  const page = await files.list(tenant.id, { limit, cursor })
  return { ...page, files: [...page.files] }
}
