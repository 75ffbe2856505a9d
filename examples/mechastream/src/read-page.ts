import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'

export interface PageFile {
  readonly bytes: Buffer
  readonly type: string
  readonly caching: string
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
}

/** Every file of the built page, by its path in the URL. */
export const readPage = (folder: string): ReadonlyMap<string, PageFile> => {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      const type = TYPES[extname(entry.name)] ?? 'application/octet-stream'
      // Names below assets/ change with their content.
      const caching = extname(entry.name) === '.html' ? 'no-store' : 'public, max-age=31536000, immutable'
      return [path.slice(folder.length), { bytes: readFileSync(path), type, caching }]
    }),
  )
}
