// pnpm for this machine, and the Node and pnpm for Linux that go into images. They are npm packages, as Node is (run.sh).
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { run } from '../command.ts'
import { KEPT, ROOT } from '../places.ts'
import type { Step } from './step.ts'

const TOOLCHAIN = join(KEPT, 'toolchain')

export const NODE_VERSION = readFileSync(join(ROOT, '.node-version'), 'utf8').trim()
const { packageManager }: { packageManager: string } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
export const PNPM_VERSION = packageManager.replace('pnpm@', '')

interface Tool {
  readonly package: string
  readonly version: string
  /** The program, inside the package. */
  readonly program: string
}

const nodeFor = (cpu: string): Tool => ({ package: `node-linux-${cpu}`, version: NODE_VERSION, program: 'bin/node' })
const pnpmFor = (platform: string, cpu: string): Tool => ({
  package: `@pnpm/exe.${platform}-${cpu}`,
  version: PNPM_VERSION,
  program: 'pnpm',
})

const folderOf = (tool: Tool): string =>
  join(TOOLCHAIN, `${tool.package.replace('@', '').replace('/', '-')}-${tool.version}`)

/** A folder in the toolchain is complete or absent: it is filled beside its place and then moved. */
const bring = async (tool: Tool): Promise<void> => {
  const partial = join(TOOLCHAIN, 'partial')
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial)
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', partial, `${tool.package}@${tool.version}`])
  const [archive = ''] = readdirSync(partial)
  await run('tar', ['-xzf', join(partial, archive), '-C', partial])
  chmodSync(join(partial, 'package', tool.program), 0o755)
  renameSync(join(partial, 'package'), folderOf(tool))
  rmSync(partial, { recursive: true })
}

const isHere = (tool: Tool): boolean => existsSync(folderOf(tool))

const ownPnpm = pnpmFor(process.platform, process.arch)

export const bringPnpm: Step = {
  title: `pnpm ${PNPM_VERSION}`,
  isDone: () => isHere(ownPnpm),
  disk: () => ROOT,
  act: () => bring(ownPnpm),
  remedy: `Cannot get pnpm ${PNPM_VERSION}: check that npm reaches its registry (\`npm view ${ownPnpm.package}@${PNPM_VERSION}\`), then run this again.`,
}

/** What we start finds our Node and pnpm before any other. */
export const putToolchainOnPath = (): void => {
  const folders = [dirname(process.execPath), folderOf(ownPnpm)]
  process.env['PATH'] = [...folders, process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter)
}

/** The programs that images copy: this machine's own, unless the Docker engine is of another kind. */
export const bringProgramsForImages = async (cpu: string): Promise<readonly string[]> => {
  const tools = [nodeFor(cpu), pnpmFor('linux', cpu)]
  for (const tool of tools) if (!isHere(tool)) await bring(tool)
  return tools.map((tool) => join(folderOf(tool), tool.program))
}
