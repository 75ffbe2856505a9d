import { join } from 'node:path'
import type { BlobStore } from './blob-store.ts'
import { createFolderStore } from './stores/folder.ts'
import type { S3Options } from './stores/s3.ts'

export interface BlobStoreOptions {
  /** Where the bytes are without a bucket. */
  readonly folder: string
  readonly s3: Omit<S3Options, 'keyPrefix'> | undefined
  /** Of the keys in Redis. Two installations that share a folder or a bucket do not see each other's files. */
  readonly prefix: string
}

/** The store that the settings choose. The library for S3 is loaded only if it is used: it takes 0.3 s and 20 MB. */
export const openBlobStore = async ({ folder, s3, prefix }: BlobStoreOptions): Promise<BlobStore> => {
  // Not the prefix alone: it may be `..`.
  const installation = `files-of-${prefix}`
  if (s3 === undefined) return createFolderStore(join(folder, installation))
  const { createS3Store } = await import('./stores/s3.ts')
  return createS3Store({ ...s3, keyPrefix: installation })
}
