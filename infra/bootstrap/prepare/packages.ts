// The npm packages, exactly as the lockfile says. Nothing is done while nothing they depend on has changed.
import { createHash } from 'node:crypto'
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../command.ts'
import { ROOT } from '../places.ts'
import type { Step } from './step.ts'

const STAMP = join(ROOT, 'node_modules/.runnel')
const SOURCES = [
  '.node-version',
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  '{apps,packages}/*/package.json',
]

const hashSources = (): string => {
  const hash = createHash('sha256')
  for (const path of globSync(SOURCES, { cwd: ROOT }).sort()) hash.update(readFileSync(join(ROOT, path)))
  return hash.digest('hex')
}

const readStamp = (): string | undefined => {
  try {
    return readFileSync(STAMP, 'utf8').trim()
  } catch {
    return undefined
  }
}

export const installPackages: Step = {
  title: 'Packages',
  isDone: () => readStamp() === hashSources(),
  disk: () => ROOT,
  async act() {
    const hash = hashSources()
    rmSync(STAMP, { force: true })
    // CI: never ask. An empty NODE_ENV: also what only development needs.
    await run('pnpm', ['install', '--frozen-lockfile'], { env: { CI: 'true', NODE_ENV: '' } })
    writeFileSync(STAMP, `${hash}\n`)
  },
  remedy: 'Cannot install the packages: read above why, correct it, then run this again.',
}
