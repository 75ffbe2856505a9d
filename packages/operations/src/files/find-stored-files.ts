import { type Limits, RequestError, type StoredInput, type Submission, type Tenant } from '@runnel/contract/public'
import type { OperationParts } from '../parts.ts'

/**
 * The uploaded files among the files of a submission. All of them must fit onto the disk of the job. Throws `file-not-found` and
 * `payload-too-large`.
 */
export const findStoredFiles = async (
  { files }: Pick<OperationParts, 'files'>,
  tenant: Tenant,
  submission: Submission,
  { diskBytes }: Limits,
): Promise<StoredInput[]> => {
  const named = (submission.files ?? []).flatMap(({ path, fileId }) => (fileId === undefined ? [] : [{ path, fileId }]))
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
    `Cannot give ${bytes} bytes of uploaded files to this job: its disk has ${diskBytes} bytes; ask for more \`limits.diskBytes\``,
  )
}
