import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const PACKAGE = join(import.meta.dirname, '..')

/** The package as it would be published. */
export interface Packed extends AsyncDisposable {
  readonly tarball: Buffer
  /** A folder outside of this repository, in which the package is installed from its tarball, and nothing else. */
  readonly folder: string
  /** What the TypeScript compiler says about a module there, for a browser. Nothing: it is right. */
  compile(code: string): Promise<string>
  /** Runs an ES module there, with an environment of its own. Resolves with what it printed. */
  runNode(code: string, env?: Readonly<Record<string, string>>): Promise<string>
}

const COMPILE = [
  '--ignoreConfig',
  '--noEmit',
  '--strict',
  '--module',
  'nodenext',
  '--target',
  'es2022',
  '--lib',
  'es2022,dom',
  '--types',
  '',
]
const RUN_TIMEOUT_MS = 45_000

/** Builds, packs, and installs as a package manager does for a package without dependencies: it unpacks the tarball. */
export const packClient = async (): Promise<Packed> => {
  const folder = await mkdtemp(join(tmpdir(), 'runnel-client-'))
  try {
    await run('pnpm', ['pack', '--pack-destination', folder], { cwd: PACKAGE, timeout: 120_000 })
    const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.tgz'))
    const installed = join(folder, 'node_modules/@runnel/client')
    await run('mkdir', ['-p', installed])
    await run('tar', ['-xzf', join(folder, name), '-C', installed, '--strip-components=1'])
    return {
      tarball: await readFile(join(folder, name)),
      folder,
      async compile(code) {
        await writeFile(join(folder, 'consumer.ts'), code)
        const { stdout } = await run('pnpm', ['exec', 'tsc', ...COMPILE, join(folder, 'consumer.ts')], {
          cwd: PACKAGE,
          timeout: 60_000,
        }).catch((error: { stdout: string }) => error)
        return stdout
      },
      async runNode(code, env = {}) {
        const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], {
          cwd: folder,
          env: { PATH: process.env['PATH'], ...env },
          timeout: RUN_TIMEOUT_MS,
        })
        return stdout
      },
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    }
  } catch (error) {
    await rm(folder, { recursive: true })
    throw error
  }
}
