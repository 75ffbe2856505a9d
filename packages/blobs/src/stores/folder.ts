import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { giveBack } from '@runnel/bytes'
import {
  type BlobId,
  BlobMissingError,
  type BlobStore,
  isBlobId,
  requireBlobId,
  StoreFullError,
  StoreUnavailableError,
} from '../blob-store.ts'

/** What the name of bytes ends with that are not whole yet. */
const UNFINISHED = '.part'
/** Only our own user reads them. */
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

const FULL: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT'])

/**
 * Blobs in a folder of this machine, or in one that several machines share:
 *
 *   <folder>/<tenant>/<file id>            whole
 *   <folder>/<tenant>/<file id>.<random>.part   being written
 *
 * 1. Bytes are written under the second name, brought to the disk, and renamed. A rename is one step, so no reader ever sees a half.
 * 2. A writer that fails removes its file. What a killed one leaves is removed together with its record (files.ts).
 */
export const createFolderStore = (folder: string): BlobStore => {
  const folderOf = ({ tenantId }: BlobId): string => join(folder, tenantId)
  const pathOf = (id: BlobId): string => {
    requireBlobId(id)
    return join(folderOf(id), id.fileId)
  }

  const toStoreError = (error: unknown): unknown => {
    const code = codeOf(error)
    if (code === 'ENOENT') return new BlobMissingError('There is no such file in the folder', { cause: error })
    if (FULL.has(code)) return new StoreFullError(`The disk of ${folder} is full`, { cause: error })
    if (code === undefined || !/^E[A-Z]+$/.test(code)) return error
    return new StoreUnavailableError(`Cannot use the folder ${folder}: ${code}`, { cause: error })
  }
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw toStoreError(error)
    }
  }

  const create = async (id: BlobId, path: string): Promise<FileHandle> => {
    await mkdir(folderOf(id), { recursive: true, mode: FOLDER_MODE })
    return open(path, 'wx', FILE_MODE)
  }

  const writeAll = async (file: FileHandle, bytes: Readable): Promise<void> => {
    for await (const chunk of bytes) {
      // An error of the stream itself must not be mistaken for one of the disk.
      await attempt(() => file.writeFile(chunk))
      giveBack(chunk)
    }
    await attempt(() => file.datasync())
  }

  return {
    async put(id, bytes) {
      const whole = pathOf(id)
      const part = `${whole}.${randomBytes(8).toString('hex')}${UNFINISHED}`
      const file = await attempt(() => create(id, part))
      try {
        try {
          await writeAll(file, bytes)
        } finally {
          await file.close()
        }
        await attempt(() => rename(part, whole))
      } catch (error) {
        bytes.destroy()
        await unlink(part).catch(() => {})
        throw error
      }
    },

    async read(id, range) {
      const file = await attempt(() => open(pathOf(id), 'r'))
      return file.createReadStream(range === undefined ? {} : { start: range.first, end: range.last })
    },

    async delete(id) {
      const path = pathOf(id)
      await attempt(async () => {
        await rm(path, { force: true })
        const names = await readdir(folderOf(id)).catch((error: unknown) => {
          if (codeOf(error) === 'ENOENT') return []
          throw error
        })
        const parts = names.filter((name) => name.startsWith(`${id.fileId}.`) && name.endsWith(UNFINISHED))
        await Promise.all(parts.map((name) => rm(join(folderOf(id), name), { force: true })))
      })
    },

    async *list() {
      for (const tenantId of await attempt(() => namesIn(folder))) {
        for (const name of await attempt(() => namesIn(join(folder, tenantId)))) {
          const [fileId = ''] = name.split('.', 1)
          const found = await stat(join(folder, tenantId, name)).catch(() => undefined)
          if (found === undefined || !isBlobId({ tenantId, fileId })) continue
          yield { tenantId, fileId, modifiedAt: found.mtime }
        }
      }
    },

    [Symbol.dispose]() {},
  }
}

const namesIn = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return []
    throw error
  }
}
