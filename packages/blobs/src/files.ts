import { createHash } from 'node:crypto'
import { pipeline, type Readable, Transform } from 'node:stream'
import { RequestError, type StoredFile } from '@runnel/contract/public'
import {
  type BlobId,
  BlobMissingError,
  type BlobStore,
  type ByteRange,
  StoreFullError,
  StoreUnavailableError,
} from './blob-store.ts'
import { type CountedUpload, countUpload } from './counted-upload.ts'
import { createFileId, type FileBounds, type FilePage, type FileRecords } from './file-records.ts'

export interface NewFile {
  readonly name: string
  readonly contentType: string
  /** Undefined if it is not known before the end. */
  readonly sizeBytes?: number | undefined
  /** A larger file is refused. */
  readonly maxBytes: number
}

export interface Files extends Disposable {
  /**
   * Stores a file. Whatever goes wrong, nothing of it stays. The bytes are destroyed if not all of them are read. Throws
   * `payload-too-large`, `file-quota`, `disk-full`, `file-store-unavailable`, or the error of the bytes.
   */
  add(tenantId: string, bounds: FileBounds, file: NewFile, bytes: Readable): Promise<StoredFile>
  /** Throws `file-not-found`, for a file of another tenant too. */
  find(tenantId: string, fileId: string): Promise<StoredFile>
  list(tenantId: string, options: { readonly cursor: string | undefined; readonly limit: number }): Promise<FilePage>
  /** The bytes of a file that was found. The caller reads them all, or destroys the stream. */
  open(tenantId: string, fileId: string, range?: ByteRange): Promise<Readable>
  /** Throws `file-not-found`. */
  remove(tenantId: string, fileId: string): Promise<void>
  /** Removes what has expired, and what killed uploads have left. Returns how many files. */
  sweep(): Promise<number>
}

const SWEEP_PAGE = 100
/** How often one of all processes compares the store with the records: bytes without a record are left by a Redis that lost it. */
const CHECK_EVERY_MS = 6 * 60 * 60 * 1_000
/** Bytes that are younger may belong to an upload that has only begun. */
const CHECKED_AGE_MS = 60 * 60 * 1_000

export const fileNotFound = (): RequestError =>
  new RequestError('file-not-found', 'There is no file with this id; a file is kept only for a while')

/** Errors of a store, as callers get them. */
const toRequestError = (error: unknown): unknown => {
  if (error instanceof BlobMissingError) return fileNotFound()
  if (error instanceof StoreFullError) {
    return new RequestError('disk-full', 'Cannot store the file: the disk that files are kept on is full', {
      cause: error,
    })
  }
  if (error instanceof StoreUnavailableError) {
    const message = 'The store of files cannot be reached at the moment: try again shortly'
    return new RequestError('file-store-unavailable', message, { cause: error })
  }
  return error
}

export const createFiles = (options: {
  readonly store: BlobStore
  readonly records: FileRecords
  readonly retentionMs: number
  readonly log: { warn(details: object, message: string): void }
}): Files => {
  const { store, records, retentionMs, log } = options

  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      const known = toRequestError(error)
      if (known instanceof RequestError && known.status >= 500)
        log.warn({ err: known.cause }, 'The store of files failed')
      throw known
    }
  }

  const find = async (id: BlobId): Promise<StoredFile> => {
    const file = await records.find(id)
    if (file === undefined || Date.parse(file.expiresAt) <= Date.now()) throw fileNotFound()
    return file
  }

  const erase = async (id: BlobId): Promise<void> => {
    await store.delete(id)
    await records.forget(id)
  }

  const storeBytes = async (id: BlobId, upload: CountedUpload, bytes: Readable): Promise<string> => {
    const hash = createHash('sha256')
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk)
        upload.take(chunk.length).then(() => done(null, chunk), done)
      },
    })
    // An error of either ends the other, and is what `put` throws.
    pipeline(bytes, counted, () => {})
    await store.put(id, counted)
    return hash.digest('hex')
  }

  const removeOrphans = async (): Promise<number> => {
    let removed = 0
    for await (const { modifiedAt, ...id } of store.list()) {
      if (modifiedAt.getTime() > Date.now() - CHECKED_AGE_MS || (await records.isKnown(id))) continue
      await store.delete(id)
      removed += 1
    }
    return removed
  }

  return {
    async add(tenantId, bounds, { name, contentType, sizeBytes, maxBytes }, bytes) {
      const id = { tenantId, fileId: createFileId() }
      try {
        using upload = await countUpload(records, id, { bounds, sizeBytes, maxBytes })
        try {
          const sha256 = await attempt(() => storeBytes(id, upload, bytes))
          const now = Date.now()
          const file: StoredFile = {
            id: id.fileId,
            name,
            contentType,
            sizeBytes: upload.taken,
            sha256,
            createdAt: new Date(now).toISOString(),
            expiresAt: new Date(now + retentionMs).toISOString(),
          }
          if (!(await records.keep(tenantId, file))) throw new Error('The upload took so long that it was given up')
          return file
        } catch (error) {
          // If this fails too, the sweep does it when the upload's lease has ended.
          await records
            .hide(id)
            .then(() => erase(id))
            .catch(() => {})
          throw error
        }
      } catch (error) {
        bytes.destroy()
        throw error
      }
    },

    find: (tenantId, fileId) => find({ tenantId, fileId }),

    list: (tenantId, page) => records.list(tenantId, page),

    open: (tenantId, fileId, range) => attempt(() => store.read({ tenantId, fileId }, range)),

    async remove(tenantId, fileId) {
      const id = { tenantId, fileId }
      await find(id)
      if (!(await records.hide(id))) throw fileNotFound()
      await attempt(() => erase(id))
    },

    async sweep() {
      let removed = 0
      for (;;) {
        const due = await records.due(SWEEP_PAGE)
        for (const id of due) {
          if (!(await records.hide(id, Date.now()))) continue
          await erase(id)
          removed += 1
        }
        if (due.length < SWEEP_PAGE) break
      }
      if (await records.takeTurn(CHECK_EVERY_MS)) removed += await removeOrphans()
      return removed
    },

    [Symbol.dispose]() {
      store[Symbol.dispose]()
    },
  }
}
