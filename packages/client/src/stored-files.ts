import type { CallOptions } from './jobs.ts'
import type { Link } from './link.ts'
import { type BytesAs, NO_TIMEOUT_MS, readBody } from './read-body.ts'
import type { FileData } from './sandbox/files.ts'
import { requireAllJobs } from './tickets.ts'

/** A file that was uploaded, or that a job has made. */
export interface StoredFile {
  id: string
  /** For people: it need not be unique. */
  name: string
  contentType: string
  sizeBytes: number
  sha256: string
  createdAt: string
  /** It is removed then. */
  expiresAt: string
}

/** One page of files, newest first. */
export interface StoredFilePage {
  files: StoredFile[]
  /** The `cursor` of the next page. Absent on the last page. */
  next?: string | undefined
}

/**
 * Files that are kept for a while, apart from any job or sandbox: uploads, and what jobs made (`artifacts`). Jobs and sandboxes take
 * one as `{ path, fileId }` among their `files`. Not with tickets.
 */
export interface StoredFiles {
  /** Sent as it is read. Throws `payload-too-large`, `file-quota`, `disk-full`. */
  upload(
    data: FileData,
    options: CallOptions & {
      readonly name: string
      /** Left out: that of a Blob, otherwise `application/octet-stream`. */
      readonly contentType?: string | undefined
    },
  ): Promise<StoredFile>
  /** Newest first; `limit` files in a page, 1 to 100, 20 by default. */
  list(
    options?: CallOptions & { readonly limit?: number; readonly cursor?: string | undefined },
  ): Promise<StoredFilePage>
  /** Throws `file-not-found`. */
  getInfo(fileId: string, options?: CallOptions): Promise<StoredFile>
  /** As text (default), as bytes, or as a stream. Throws `file-not-found`. */
  read(fileId: string, options?: CallOptions & { readonly as?: 'text' | undefined }): Promise<string>
  read(fileId: string, options: CallOptions & { readonly as: 'bytes' }): Promise<Uint8Array<ArrayBuffer>>
  read(fileId: string, options: CallOptions & { readonly as: 'stream' }): Promise<ReadableStream<Uint8Array>>
  /** Throws `file-not-found`. */
  remove(fileId: string, options?: CallOptions): Promise<void>
}

const FILE_ID = /^[\w-]{1,128}$/

const pathOf = (id: string, rest = ''): string => {
  if (!FILE_ID.test(id)) throw new TypeError(`Cannot use ${JSON.stringify(id)} as the id of a file`)
  return `/v1/files/${id}${rest}`
}

const toType = (data: FileData, contentType: string | undefined): Record<string, string> => {
  const type = contentType ?? (data instanceof Blob && data.type !== '' ? data.type : undefined)
  return type === undefined ? {} : { 'content-type': type }
}

export const createStoredFiles = (link: Link): StoredFiles => {
  const { http } = link

  function read(fileId: string, options?: CallOptions & { readonly as?: 'text' | undefined }): Promise<string>
  function read(fileId: string, options: CallOptions & { readonly as: 'bytes' }): Promise<Uint8Array<ArrayBuffer>>
  function read(fileId: string, options: CallOptions & { readonly as: 'stream' }): Promise<ReadableStream<Uint8Array>>
  async function read(
    fileId: string,
    { signal, as = 'text' }: CallOptions & { readonly as?: BytesAs | undefined } = {},
  ): Promise<string | Uint8Array | ReadableStream<Uint8Array>> {
    requireAllJobs(link, 'read a file')
    return readBody(await http.open('GET', pathOf(fileId, '/content'), { signal }), as)
  }

  return {
    read,
    async upload(data, { name, contentType, signal }) {
      requireAllJobs(link, 'upload a file')
      const body = typeof data === 'string' ? new TextEncoder().encode(data) : data
      const headers = toType(data, contentType)
      return http.request('POST', '/v1/files', { query: { name }, body, headers, signal, timeoutMs: NO_TIMEOUT_MS })
    },
    async list({ signal, ...query } = {}) {
      requireAllJobs(link, 'list the files')
      return http.request('GET', '/v1/files', { query, signal })
    },
    async getInfo(fileId, { signal } = {}) {
      requireAllJobs(link, 'read a file')
      return http.request('GET', pathOf(fileId), { signal })
    },
    async remove(fileId, { signal } = {}) {
      requireAllJobs(link, 'remove a file')
      return http.request('DELETE', pathOf(fileId), { signal })
    },
  }
}
