import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type PageFile, readPage } from './read-page.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const VITE = fileURLToPath(new URL('bin/vite.js', import.meta.resolve('vite/package.json')))

/** Builds the page, which takes a few seconds. In a process of its own, where it is built for production whatever runs here. */
export const buildPage = async (): Promise<ReadonlyMap<string, PageFile>> => {
  await promisify(execFile)(process.execPath, [VITE, 'build'], { cwd: ROOT, env: { NODE_ENV: 'production' } })
  return readPage(`${ROOT}dist`)
}
