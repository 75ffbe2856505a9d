import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { RequestError } from '@runnel/contract/public'
import { type SiteOperations, sandboxNotFound } from '@runnel/operations'
import type { SandboxRecord } from '@runnel/registry'
import { type ByteRange, readRange } from '../uploads/byte-range.ts'
import { findSiteFile } from './find-site-file.ts'
import { CONSOLE_PATH, OWN_PATH, PAGE_CONSOLE, SCRIPT_PATH } from './page-console.ts'
import { createConsoleReceiver } from './receive-console.ts'
import { type Site, type SiteFile, toEtag } from './site.ts'
import { createSiteStore } from './site-store.ts'

interface SiteVisit {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly record: SandboxRecord
  /** `frame-ancestors …` */
  readonly framePolicy: string
}

/** Answers a request that may see the site. Returns the status, or throws a RequestError that is not answered yet. */
export type ServeSite = (visit: SiteVisit) => Promise<number>

const SCRIPT_BYTES = Buffer.from(PAGE_CONSOLE)
const SCRIPT: SiteFile = {
  type: 'text/javascript; charset=utf-8',
  bytes: SCRIPT_BYTES,
  etag: toEtag(SCRIPT_BYTES),
}

/** How often a site that is used is noted as such. */
const TOUCH_EVERY_MS = 500
const SITES_TOUCHED = 10_000

const isRead = (method: string | undefined): boolean => method === 'GET' || method === 'HEAD'

const sizeOf = (file: SiteFile): number => ('bytes' in file ? file.bytes.length : file.sizeBytes)

/** The file changes with its ETag, so a browser may keep it, and asks each time. */
const toHeaders = ({ type, etag }: SiteFile, framePolicy: string) => ({
  'content-type': type,
  'content-security-policy': framePolicy,
  'cache-control': 'no-cache',
  'x-content-type-options': 'nosniff',
  'accept-ranges': 'bytes',
  etag,
})

export const createServeSite = (operations: SiteOperations): ServeSite => {
  const find = createSiteStore(operations)
  const receiveConsole = createConsoleReceiver(operations)
  const touched = new Map<string, number>()

  const touch = async (record: SandboxRecord): Promise<void> => {
    const now = performance.now()
    if (now - (touched.get(record.id) ?? Number.NEGATIVE_INFINITY) < TOUCH_EVERY_MS) return
    touched.delete(record.id)
    touched.set(record.id, now)
    const [oldest] = touched.keys()
    if (touched.size > SITES_TOUCHED && oldest !== undefined) touched.delete(oldest)
    await operations.touch(record)
  }

  const open = async ({ job }: Site, file: SiteFile, range: ByteRange | undefined): Promise<Buffer | Readable> => {
    if ('bytes' in file) return range === undefined ? file.bytes : file.bytes.subarray(range.first, range.last + 1)
    return operations.openFile(job, file.fileId, range)
  }

  const send = async (site: Site, file: SiteFile, { request, response, framePolicy }: SiteVisit, status: number) => {
    const { headers, method } = request
    const own = toHeaders(file, framePolicy)
    if (
      status === 200 &&
      (headers['if-none-match'] ?? '').split(/\s*,\s*/).some((tag) => tag.replace(/^W\//, '') === file.etag)
    ) {
      response.writeHead(304, own).end()
      return 304
    }
    const size = sizeOf(file)
    const mayRange = status === 200 && (headers['if-range'] === undefined || headers['if-range'] === file.etag)
    response.setHeader('content-range', `bytes */${size}`)
    const range = mayRange ? readRange(headers.range, size) : undefined
    response.removeHeader('content-range')
    const partial = range === undefined ? {} : { 'content-range': `bytes ${range.first}-${range.last}/${size}` }
    const length = range === undefined ? size : range.last - range.first + 1
    const sent = range === undefined ? status : 206
    const body = method === 'HEAD' ? undefined : await open(site, file, range)
    response.writeHead(sent, { ...own, ...partial, 'content-length': length })
    // A client that leaves destroys the stream, and that is no fault.
    if (body === undefined || Buffer.isBuffer(body)) response.end(body)
    else await pipeline(body, response).catch(() => {})
    return sent
  }

  return async (visit) => {
    const { request, response, record, framePolicy } = visit
    const { method, url = '/', headers } = request
    const site = await find(record)
    if (site === undefined) throw sandboxNotFound()
    await touch(record)
    const [path = ''] = url.split('?', 1)
    if (path === CONSOLE_PATH && method === 'POST' && site.hasConsole) return receiveConsole(request, response, site)
    if (!isRead(method)) {
      response.setHeader('allow', 'GET, HEAD')
      throw new RequestError('method-not-allowed', `Cannot ${method} here: a site has files, and takes GET and HEAD`)
    }
    if (path === SCRIPT_PATH && site.hasConsole) return send(site, SCRIPT, visit, 200)
    const isVisit = (headers.accept ?? '').includes('text/html')
    const found = path.startsWith(OWN_PATH)
      ? { kind: 'missing' as const, page: undefined }
      : findSiteFile(site, url, isVisit)
    if (found.kind === 'redirect') {
      response
        .writeHead(302, {
          location: found.location,
          'content-security-policy': framePolicy,
          'cache-control': 'no-store',
        })
        .end()
      return 302
    }
    if (found.kind === 'file') return send(site, found.file, visit, 200)
    if (found.page !== undefined) return send(site, found.page, visit, 404)
    throw new RequestError('file-not-found', `There is no file ${JSON.stringify(path.slice(0, 200))} in this site`)
  }
}
