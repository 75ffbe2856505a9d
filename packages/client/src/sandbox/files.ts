import { RunnelApiError } from '../errors.ts'
import type { CallOptions } from '../jobs.ts'
import { type BytesAs, NO_TIMEOUT_MS, readBody, toStream } from '../read-body.ts'
import type { FileEntry, WatchEvent } from './contract.ts'
import type { Place } from './place.ts'
import { signFileUrl } from './sign-file-url.ts'
import { type WatchHandle, type WatchOptions, watchDir } from './watch-dir.ts'

/** What a file is written from. A stream is sent as it comes; browsers send one only over HTTP/2, a Blob over anything. */
export type FileData = string | Uint8Array | Blob | ReadableStream<Uint8Array>

export interface SignedUrlOptions {
  /** How long it opens the file, in seconds. Default 900, at most 3,600. */
  readonly expiresInSeconds?: number | undefined
}

/** The files of a sandbox. Paths are absolute, or relative to its `workDir`. All is done as the user of its programs. */
export interface Files {
  /** As text (default), as bytes, or as a stream. Throws `file-not-found`, `not-a-file`. */
  read(path: string, options?: CallOptions & { readonly as?: 'text' | undefined }): Promise<string>
  read(path: string, options: CallOptions & { readonly as: 'bytes' }): Promise<Uint8Array<ArrayBuffer>>
  read(path: string, options: CallOptions & { readonly as: 'stream' }): Promise<ReadableStream<Uint8Array>>
  /** Makes folders on the way, and replaces a file once all bytes have come. Throws `disk-full`. */
  write(path: string, data: FileData, options?: CallOptions): Promise<void>
  /** What is in a folder (`workDir` by default), in no order; `depth` levels, 1 by default. */
  list(path?: string, options?: CallOptions & { readonly depth?: number | undefined }): Promise<FileEntry[]>
  exists(path: string, options?: CallOptions): Promise<boolean>
  /** Throws `file-not-found`. Of a link: the link itself, not what it leads to. */
  getInfo(path: string, options?: CallOptions): Promise<FileEntry>
  /** With the folders on the way. False if it was there. */
  makeDir(path: string, options?: CallOptions): Promise<boolean>
  /** Replaces a file that is there. */
  rename(from: string, to: string, options?: CallOptions): Promise<FileEntry>
  /** A folder with all that is in it. */
  remove(path: string, options?: CallOptions): Promise<void>
  /** A folder as one tar or zip file. */
  archive(
    path?: string,
    options?: CallOptions & { readonly format?: 'tar' | 'zip' },
  ): Promise<ReadableStream<Uint8Array>>
  /** Calls `onEvent` for what happens in a folder, until `stop`. */
  watchDir(path: string, onEvent: (event: WatchEvent) => unknown, options?: WatchOptions): Promise<WatchHandle>
  /** A URL that a browser may GET to download the file, or PUT to write it. It needs no key. */
  downloadUrl(path: string, options?: SignedUrlOptions): Promise<string>
  uploadUrl(path: string, options?: SignedUrlOptions): Promise<string>
}

const hasCode = (error: unknown, code: string): boolean => error instanceof RunnelApiError && error.code === code

export const createFiles = (place: Place): Files => {
  const { link } = place
  const open = (path: string, signal: AbortSignal | undefined): Promise<Response> =>
    link.http.open('GET', place.pathOf('/files'), { query: { path }, signal })

  function read(path: string, options?: CallOptions & { readonly as?: 'text' | undefined }): Promise<string>
  function read(path: string, options: CallOptions & { readonly as: 'bytes' }): Promise<Uint8Array<ArrayBuffer>>
  function read(path: string, options: CallOptions & { readonly as: 'stream' }): Promise<ReadableStream<Uint8Array>>
  async function read(
    path: string,
    { signal, as = 'text' }: CallOptions & { readonly as?: BytesAs | undefined } = {},
  ): Promise<string | Uint8Array | ReadableStream<Uint8Array>> {
    return readBody(await open(path, signal), as)
  }

  const getInfo = (path: string, { signal }: CallOptions = {}): Promise<FileEntry> =>
    place.request('POST', '/files/stat', { body: { path }, signal })

  return {
    read,
    async write(path, data, { signal } = {}) {
      const body = typeof data === 'string' ? new TextEncoder().encode(data) : data
      await place.request('PUT', '/files', { query: { path }, body, signal, timeoutMs: NO_TIMEOUT_MS })
    },
    async list(path, { signal, depth } = {}) {
      const query = { path, depth }
      const { entries } = await place.request<{ entries: FileEntry[] }>('GET', '/files/list', { query, signal })
      return entries
    },
    async exists(path, options) {
      try {
        await getInfo(path, options)
        return true
      } catch (error) {
        if (hasCode(error, 'file-not-found') || hasCode(error, 'not-a-directory')) return false
        throw error
      }
    },
    getInfo,
    async makeDir(path, { signal } = {}) {
      try {
        await place.request('POST', '/files/mkdir', { body: { path }, signal })
        return true
      } catch (error) {
        if (hasCode(error, 'file-exists')) return false
        throw error
      }
    },
    rename: (from, to, { signal } = {}) => place.request('POST', '/files/move', { body: { from, to }, signal }),
    remove: (path, { signal } = {}) => place.request('DELETE', '/files', { query: { path }, signal }),
    async archive(path, { signal, format } = {}) {
      return toStream(await link.http.open('GET', place.pathOf('/files/archive'), { query: { path, format }, signal }))
    },
    watchDir: (path, onEvent, options = {}) => watchDir(place, path, onEvent, options),
    downloadUrl: (path, { expiresInSeconds } = {}) => signFileUrl(place, 'read', path, expiresInSeconds),
    uploadUrl: (path, { expiresInSeconds } = {}) => signFileUrl(place, 'write', path, expiresInSeconds),
  }
}
