import type { Readable } from 'node:stream'

/** Which bytes: the names that we gave them. No name that a user chose is in here, so none becomes a path. */
export interface BlobId {
  readonly tenantId: string
  readonly fileId: string
}

/** Both ends are included, counted from 0. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

interface StoredBlob extends BlobId {
  readonly modifiedAt: Date
}

/**
 * Where bytes are kept. It knows no names, no tenants' bounds and no times to live: those are in Redis (file-records.ts).
 *
 * Every method throws `BlobMissingError`, `StoreFullError` or `StoreUnavailableError`, and nothing else that a caller should handle.
 */
export interface BlobStore extends Disposable {
  /**
   * Keeps all bytes. If the bytes end with an error, nothing stays. Readers see a blob only when it is whole. The consumer sets the
   * pace: a bounded number of bytes is in memory. Nobody else may use them.
   */
  put(id: BlobId, bytes: Readable): Promise<void>
  /** The bytes, or a part of them. The caller reads the stream to its end or destroys it. */
  read(id: BlobId, range?: ByteRange): Promise<Readable>
  /** Deleting what is not there is no error. Also removes what a `put` has left whose process was killed. */
  delete(id: BlobId): Promise<void>
  /** Everything that is kept, of all tenants, in no order. */
  list(): AsyncIterable<StoredBlob>
}

export class BlobMissingError extends Error {
  override name = 'BlobMissingError'
}

/** The disk is full, or its quota is used up. */
export class StoreFullError extends Error {
  override name = 'StoreFullError'
}

/** The store cannot be reached, or refuses us. */
export class StoreUnavailableError extends Error {
  override name = 'StoreUnavailableError'
}

const TENANT = /^[a-z0-9][a-z0-9_-]{0,62}$/
const FILE = /^file_[0-9a-f]{32}$/

/** The last check before an id becomes a path or a key. */
export const requireBlobId = ({ tenantId, fileId }: BlobId): void => {
  if (!TENANT.test(tenantId) || !FILE.test(fileId)) {
    throw new Error(`Cannot name bytes by ${JSON.stringify({ tenantId, fileId })}`)
  }
}

export const isBlobId = ({ tenantId, fileId }: BlobId): boolean => TENANT.test(tenantId) && FILE.test(fileId)
