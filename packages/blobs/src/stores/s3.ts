import { Readable } from 'node:stream'
import { DeleteObjectCommand, GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import {
  type BlobId,
  BlobMissingError,
  type BlobStore,
  isBlobId,
  requireBlobId,
  StoreFullError,
  StoreUnavailableError,
} from '../blob-store.ts'

export interface S3Options {
  readonly bucket: string
  /** Before every key, without a slash at its end. */
  readonly keyPrefix: string
  /** Undefined: that of AWS for the region. */
  readonly endpoint: string | undefined
  readonly region: string
  /** Where the name of the bucket is in a URL. Almost every server that is not AWS takes `path`. */
  readonly bucketIn: 'path' | 'host'
  /**
   * `when-supported` sends a checksum of S3's own with every request. Servers that do not know it refuse the request, or take it for a
   * part of the bytes.
   */
  readonly checksums: 'when-required' | 'when-supported'
}

/** One part of an upload is in memory at a time, and the next one begins to come. S3 takes 10,000 parts: 80 GB. */
const PART_BYTES = 8 * 1024 * 1024
const CONNECT_TIMEOUT_MS = 3_000
/** Without any byte, also while the reader of a blob takes none. */
const SILENCE_TIMEOUT_MS = 60_000
const ATTEMPTS = 3

const MISSING: ReadonlySet<string> = new Set(['NoSuchKey', 'NotFound'])
/** Servers that are not AWS name a full disk or a quota of the bucket so. */
const FULL: ReadonlySet<string> = new Set(['XMinioStorageFull', 'QuotaExceeded', 'InsufficientStorage'])

/**
 * Blobs in a bucket, as `<key prefix>/<tenant>/<file id>`. The library finds the credentials itself: in the environment
 * (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), in its files, or from the cloud that the machine is in.
 */
export const createS3Store = (options: S3Options): BlobStore => {
  const { bucket: Bucket, keyPrefix, endpoint, region, bucketIn, checksums } = options
  const mode = checksums === 'when-required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED'
  const client = new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: bucketIn === 'path',
    requestChecksumCalculation: mode,
    responseChecksumValidation: mode,
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_TIMEOUT_MS },
  })
  const toKey = (id: BlobId): string => {
    requireBlobId(id)
    return `${keyPrefix}/${id.tenantId}/${id.fileId}`
  }

  const toStoreError = (error: unknown): unknown => {
    const name = error instanceof Error ? error.name : ''
    if (MISSING.has(name)) return new BlobMissingError('There is no such object in the bucket', { cause: error })
    if (FULL.has(name)) return new StoreFullError(`The bucket ${Bucket} is full`, { cause: error })
    return new StoreUnavailableError(`Cannot use the bucket ${Bucket}: ${name}`, { cause: error })
  }
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw toStoreError(error)
    }
  }

  return {
    async put(id, bytes) {
      const Key = toKey(id)
      const upload = new Upload({
        client,
        params: { Bucket, Key, Body: bytes },
        partSize: PART_BYTES,
        queueSize: 1,
        // A failed upload is aborted, and its parts with it.
        leavePartsOnError: false,
      })
      let failed: unknown
      bytes.once('error', (error) => {
        failed = error
      })
      try {
        await upload.done()
      } catch (error) {
        bytes.destroy()
        throw failed ?? toStoreError(error)
      }
    },

    async read(id, range) {
      const Key = toKey(id)
      const Range = range === undefined ? {} : { Range: `bytes=${range.first}-${range.last}` }
      const { Body } = await attempt(() => client.send(new GetObjectCommand({ Bucket, Key, ...Range })))
      if (Body instanceof Readable) return Body
      throw new StoreUnavailableError(`The bucket ${Bucket} answered without bytes`)
    },

    async delete(id) {
      const Key = toKey(id)
      await attempt(() => client.send(new DeleteObjectCommand({ Bucket, Key })))
    },

    async *list() {
      const pages = paginateListObjectsV2({ client }, { Bucket, Prefix: `${keyPrefix}/` })
      for (;;) {
        const { done, value } = await attempt(() => pages.next())
        if (done === true) return
        for (const { Key = '', LastModified: modifiedAt = new Date() } of value.Contents ?? []) {
          const [tenantId = '', fileId = ''] = Key.slice(keyPrefix.length + 1).split('/')
          if (isBlobId({ tenantId, fileId })) yield { tenantId, fileId, modifiedAt }
        }
      }
    },

    [Symbol.dispose]() {
      client.destroy()
    },
  }
}
