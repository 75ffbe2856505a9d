import { execFile } from 'node:child_process'
import { copyFile, glob, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'

const HERE = import.meta.dirname
const run = promisify(execFile)
const { resolve } = createRequire(import.meta.url)

/** One style sheet without imports, so that it works with and without a bundler. */
const writeStyles = async (): Promise<void> => {
  const own = await readFile(join(HERE, 'src/terminal.css'), 'utf8')
  const xterm = await readFile(resolve('@xterm/xterm/css/xterm.css'), 'utf8')
  await writeFile(join(HERE, 'dist/terminal.css'), own.replace(/^@import .*$/m, xterm))
}

/** The compiler writes `.js` into modules, but leaves `.ts` in their types. */
const rewriteTypes = async (): Promise<void> => {
  for await (const name of glob('dist/*.d.ts', { cwd: HERE })) {
    const path = join(HERE, name)
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replace(/(from '\.\/[^']+)\.tsx?'/g, "$1.js'"))
  }
}

const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  type: z.literal('module'),
  license: z.string(),
  sideEffects: z.union([z.boolean(), z.array(z.string())]),
  dependencies: z.record(z.string(), z.string()),
  peerDependencies: z.record(z.string(), z.string()),
})

const readManifest = async (path: string) => manifestSchema.partial().parse(JSON.parse(await readFile(path, 'utf8')))

/** The version that is installed, where the workspace names its catalog or a package of its own. */
const toRanges = async (names: readonly string[]): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      names.map(async (name) => {
        const { version } = await readManifest(join(HERE, 'node_modules', name, 'package.json'))
        return [name, `^${version}`] as const
      }),
    ),
  )

const EXPORTS = {
  '.': { types: './index.d.ts', default: './index.js' },
  './react': { types: './react.d.ts', default: './react.js' },
  './terminal.css': './terminal.css',
}

/** `dist` is the package that is published: its manifest names built files and versions. */
const writeManifest = async (): Promise<void> => {
  const { dependencies = {}, ...own } = manifestSchema.parse(
    JSON.parse(await readFile(join(HERE, 'package.json'), 'utf8')),
  )
  const manifest = { ...own, exports: EXPORTS, dependencies: await toRanges(Object.keys(dependencies)) }
  await writeFile(join(HERE, 'dist/package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  await copyFile(join(HERE, 'README.md'), join(HERE, 'dist/README.md'))
  await copyFile(join(HERE, '../../LICENSE'), join(HERE, 'dist/LICENSE'))
}

/** Makes `dist`. Modules stay modules, because the page that uses them has a bundler of its own. */
await rm(join(HERE, 'dist'), { recursive: true, force: true })
await run(process.execPath, [
  join(dirname(resolve('typescript/package.json')), 'bin/tsc'),
  '-p',
  join(HERE, 'tsconfig.build.json'),
])
await rewriteTypes()
await writeStyles()
await writeManifest()
