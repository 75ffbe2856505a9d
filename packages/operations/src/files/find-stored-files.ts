import { RequestError, type StoredInput, type Tenant } from '@runnel/contract/public'
import type { OperationParts } from '../parts.ts'

/**
 * The uploaded files among the files of a job or a sandbox. All of them must fit onto its disk. Throws `file-not-found` and
 * `payload-too-large`.
 */
export const findStoredFiles = async (
  { files }: Pick<OperationParts, 'files'>,
  tenant: Tenant,
  given: readonly { readonly path: string; readonly fileId?: string | undefined }[],
  diskBytes: number,
): Promise<StoredInput[]> => {
  const named = given.flatMap(({ path, fileId }) => (fileId === undefined ? [] : [{ path, fileId }]))
  const found = await Promise.all(
    named.map(async ({ path, fileId }) => {
      const { sizeBytes } = await files.find(tenant.id, fileId)
      return { path, fileId, sizeBytes }
    }),
  )
  const bytes = found.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  if (bytes <= diskBytes) return found
  throw new RequestError(
    'payload-too-large',
    `Cannot take ${bytes} bytes of uploaded files here: the disk has ${diskBytes} bytes; ask for more \`limits.diskBytes\``,
  )
}
