import type { Readable } from 'node:stream'
import { type ArchiveFormat, type FileEntry, RequestError } from '@runnel/contract/public'
import type { Requester } from '../requester.ts'
import { requireOwnSandbox } from './find-sandbox.ts'
import { readLines } from './read-lines.ts'
import type { SandboxParts } from './sandbox-parts.ts'

/** A part of a file, in bytes. */
interface FilePart {
  readonly offset: number
  readonly length: number
}

export interface SandboxFiles {
  /** With `follow`, what a link leads to. Throws `file-not-found`. */
  stat(requester: Requester, id: string, path: string, options?: { readonly follow: boolean }): Promise<FileEntry>
  /** The bytes as they are now, streamed. Throws `file-not-found`, or `not-a-file` for all that is no regular file. */
  read(
    requester: Requester,
    id: string,
    path: string,
    options: { readonly part?: FilePart | undefined; readonly signal: AbortSignal },
  ): Promise<Readable>
  /**
   * The file is there when it resolves, with its size in bytes. If the bytes break off, nothing of it is. Throws `disk-full`, with
   * `sizeBytes` before a byte is sent.
   */
  write(
    requester: Requester,
    id: string,
    path: string,
    options: { readonly bytes: Readable; readonly sizeBytes?: number | undefined; readonly signal: AbortSignal },
  ): Promise<number>
  /** What is in a folder, in no order; `depth` 1: in it alone. */
  list(
    requester: Requester,
    id: string,
    path: string,
    options: { readonly depth: number; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<string>>
  /** With the folders on the way. Throws `file-exists`. Returns the folder. */
  makeFolder(requester: Requester, id: string, path: string): Promise<FileEntry>
  /** Returns the file in its new place. */
  move(requester: Requester, id: string, from: string, to: string): Promise<FileEntry>
  /** A folder with all that is in it. */
  remove(requester: Requester, id: string, path: string): Promise<void>
  archive(
    requester: Requester,
    id: string,
    path: string,
    options: { readonly format: ArchiveFormat; readonly signal: AbortSignal },
  ): Promise<Readable>
}

/** Work on the files of a sandbox: all of it is done there, by a process of the program's user. */
export const createSandboxFiles = (parts: SandboxParts): SandboxFiles => {
  const { gateway } = parts
  const own = (requester: Requester, id: string): Promise<void> => requireOwnSandbox(parts, requester, id)
  const stat = async (id: string, path: string, follow: boolean): Promise<FileEntry> =>
    (await gateway.call(id, 'stat-file', { path, ...(follow ? { follow } : {}) })).answer

  return {
    async stat(requester, id, path, options = { follow: false }) {
      await own(requester, id)
      return stat(id, path, options.follow)
    },
    async read(requester, id, path, { part, signal }) {
      await own(requester, id)
      return (await gateway.call(id, 'read-file', { path, ...part }, { signal })).body
    },
    async write(requester, id, path, { bytes, sizeBytes, signal }) {
      await own(requester, id)
      const broken = new AbortController()
      bytes.once('error', () => broken.abort())
      if (bytes.errored !== null) broken.abort()
      try {
        const options = { body: bytes, signal: AbortSignal.any([signal, broken.signal]) }
        const request = { path, ...(sizeBytes === undefined ? {} : { sizeBytes }) }
        return (await gateway.call(id, 'write-file', request, options)).answer.sizeBytes
      } catch (error) {
        if (bytes.errored === null) throw error
        if (bytes.errored instanceof RequestError) throw bytes.errored
        throw new RequestError('invalid-request', 'Cannot write the file: the upload broke off', {
          cause: bytes.errored,
        })
      }
    },
    async list(requester, id, path, { depth, signal }) {
      await own(requester, id)
      return readLines((await gateway.call(id, 'list-files', { path, depth }, { signal })).body)
    },
    async makeFolder(requester, id, path) {
      await own(requester, id)
      await gateway.call(id, 'make-directory', { path })
      return stat(id, path, false)
    },
    async move(requester, id, from, to) {
      await own(requester, id)
      await gateway.call(id, 'move-file', { from, to })
      return stat(id, to, false)
    },
    async remove(requester, id, path) {
      await own(requester, id)
      await gateway.call(id, 'remove-file', { path })
    },
    async archive(requester, id, path, { format, signal }) {
      await own(requester, id)
      return (await gateway.call(id, 'archive', { path, format }, { signal })).body
    },
  }
}
