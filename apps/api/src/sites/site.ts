import { createHash } from 'node:crypto'
import { fileBytes } from '@runnel/contract/public'
import type { SiteJob } from '@runnel/operations'
import { lookup } from 'mrmime'
import { addScript } from './add-script.ts'

/** A file as it is served: the bytes themselves, or an uploaded file. */
export type SiteFile = {
  readonly type: string
  readonly etag: string
} & ({ readonly bytes: Buffer } | { readonly fileId: string; readonly sizeBytes: number })

/** The files of a job in HTML. They never change. */
export interface Site {
  readonly job: SiteJob
  /** The page at `/`. */
  readonly entry: string
  /** By path, without a slash at its start. */
  readonly files: ReadonlyMap<string, SiteFile>
  /** Whether its pages send what they write to the console. */
  readonly hasConsole: boolean
  /** What it takes in memory. */
  readonly sizeBytes: number
}

const PAGE = 'text/html'
/** Types that browsers need a character set for, or read as another one without. */
const IS_TEXT = /^(?:text\/.*|application\/(?:json|javascript|xml|manifest\+json)|image\/svg\+xml)$/

const toType = (path: string): string => {
  // A module of Vue or React as such is no program of a browser; `.ts` is also the name of films.
  const type = /\.[cm]?tsx?$/i.test(path) ? 'text/plain' : (lookup(path) ?? 'application/octet-stream')
  return IS_TEXT.test(type) ? `${type}; charset=utf-8` : type
}

/** Changes with the bytes. */
export const toEtag = (bytes: Buffer): string =>
  `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`

export const toSite = (job: SiteJob): Site => {
  const { program, storedFiles = [], console: hasConsole = true } = job
  const files = new Map<string, SiteFile>()
  for (const file of program.files) {
    const type = toType(file.path)
    const given = Buffer.from(file.content, file.encoding)
    const isPage = hasConsole && type.startsWith(PAGE)
    const bytes = isPage ? Buffer.from(addScript(given.toString('utf8'), file.path)) : given
    files.set(file.path.normalize('NFC'), { type, bytes, etag: toEtag(bytes) })
  }
  for (const { path, fileId, sizeBytes } of storedFiles)
    files.set(path.normalize('NFC'), { type: toType(path), fileId, sizeBytes, etag: `"${fileId}"` })
  const sizeBytes = program.files.reduce((sum, file) => sum + fileBytes(file), 0)
  return { job, entry: program.entry, files, hasConsole, sizeBytes }
}
