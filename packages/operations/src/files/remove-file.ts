import type { OperationParts } from '../parts.ts'
import type { Requester } from '../requester.ts'

export const removeFile = async ({ files }: OperationParts, requester: Requester, id: string): Promise<void> => {
  await files.remove(requester.tenant.id, id)
  requester.auditLog('A file was deleted', { fileId: id })
}
