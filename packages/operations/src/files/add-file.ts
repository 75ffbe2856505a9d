import type { Readable } from 'node:stream'
import type { StoredFile } from '@runnel/contract/public'
import type { OperationParts } from '../parts.ts'
import { requireRedis } from '../request-errors.ts'
import type { Requester } from '../requester.ts'
import { fileBoundsOf } from './file-bounds.ts'

export interface SentFile {
  readonly name: string
  readonly contentType: string
  /** Undefined if it is not known before the end. */
  readonly sizeBytes: number | undefined
  readonly bytes: Readable
}

/** Stores the bytes while they come. */
export const addFile = async (parts: OperationParts, requester: Requester, sent: SentFile): Promise<StoredFile> => {
  const { bytes, ...file } = sent
  try {
    requireRedis(parts)
  } catch (error) {
    bytes.destroy()
    throw error
  }
  const { files, maxFileBytes: maxBytes } = parts
  const { tenant, auditLog } = requester
  const added = await files.add(tenant.id, fileBoundsOf(parts, tenant), { ...file, maxBytes }, bytes)
  auditLog('A file was stored', { fileId: added.id, sizeBytes: added.sizeBytes })
  return added
}
