// The page that the API serves at `/`. It is built when its sources have changed since, and not otherwise.
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../command.ts'
import { ROOT } from '../places.ts'
import type { Step } from './step.ts'

const FOLDER = join(ROOT, 'apps/console')
const BUILT = join(FOLDER, 'dist')
/** A build by hand empties the folder, and with it this: the next start builds once more. */
const STAMP = join(BUILT, '.sources')

const SOURCES = [
  'apps/console/{index.html,package.json,vite.config.ts}',
  'apps/console/{build,src}/**/*',
  'packages/{client,contract,languages,terminal}/{package.json,src/**/*}',
  'pnpm-lock.yaml',
]

const hashSources = (): string => {
  const hash = createHash('sha256')
  for (const path of globSync(SOURCES, { cwd: ROOT }).sort()) {
    const file = join(ROOT, path)
    if (statSync(file).isFile()) hash.update(path).update('\0').update(readFileSync(file))
  }
  return hash.digest('hex')
}

const readStamp = (): string | undefined => {
  try {
    return readFileSync(STAMP, 'utf8').trim()
  } catch {
    return undefined
  }
}

export const buildConsole: Step = {
  title: 'Page',
  isDone: () => existsSync(join(BUILT, 'index.html')) && readStamp() === hashSources(),
  disk: () => ROOT,
  async act() {
    const hash = hashSources()
    // The folder is complete or the one of before: a build that is interrupted leaves it as it was.
    const beside = `${BUILT}-${process.pid}`
    try {
      await run('pnpm', ['exec', 'vite', 'build', '--outDir', beside, '--emptyOutDir'], { cwd: FOLDER })
      writeFileSync(join(beside, '.sources'), `${hash}\n`)
      rmSync(BUILT, { recursive: true, force: true })
      renameSync(beside, BUILT)
    } finally {
      rmSync(beside, { recursive: true, force: true })
    }
  },
  remedy: 'Cannot build the page: read above why, correct it, then run this again.',
}
