import type { Redis } from '@runnel/redis'
import { createFileRecords } from './file-records.ts'
import { createFiles, type Files } from './files.ts'
import { type BlobStoreOptions, openBlobStore } from './open-blob-store.ts'

/** The files of an installation, with their bytes where the settings say. Disposing them closes connections to an S3 server. */
export const openFiles = async (
  options: BlobStoreOptions & {
    /** A connection in the role `command`. */
    readonly redis: Redis
    readonly retentionMs: number
    readonly log: { warn(details: object, message: string): void }
  },
): Promise<Files> => {
  const { redis, prefix, retentionMs, log } = options
  const store = await openBlobStore(options)
  return createFiles({ store, records: createFileRecords({ redis, prefix }), retentionMs, log })
}
