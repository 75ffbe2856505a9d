// A compose for docker-compose.yml: the one that is there, else Debian's, which is one program that needs nothing else.
import { existsSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isInstalled, read, run } from '../command.ts'
import { KEPT } from '../places.ts'
import { Refusal } from '../refusal.ts'
import { DEBIAN_KEYS, isDebian, readDebianMirror } from './debian.ts'
import type { Step } from './step.ts'

const BROUGHT = join(KEPT, 'compose/usr/libexec/docker/cli-plugins/docker-compose')

/** How its command line starts; undefined if there is none. */
export const findCompose = async (): Promise<readonly string[] | undefined> => {
  if (await prints('docker', ['compose', 'version'], /./)) return ['docker', 'compose']
  if (isInstalled('docker-compose') && (await prints('docker-compose', ['version'], /v?2\./))) return ['docker-compose']
  return existsSync(BROUGHT) ? [BROUGHT] : undefined
}

const prints = async (command: string, args: readonly string[], pattern: RegExp): Promise<boolean> => {
  try {
    return pattern.test(await read(command, args))
  } catch {
    return false
  }
}

export const bringCompose: Step = {
  title: 'Compose',
  async isDone() {
    if ((await findCompose()) !== undefined) return true
    if (isDebian()) return false
    throw new Refusal("There is no compose here: install Docker's compose plugin, then run this again.")
  },
  disk: () => KEPT,
  act: () => downloadCompose(),
  remedy: "Cannot get docker-compose from Debian: install Docker's compose plugin, then run this again.",
}

/** With its own lists and archives, so that this machine's apt stays as it is. */
const downloadCompose = async (): Promise<void> => {
  const folder = join(KEPT, 'compose-apt')
  const sources = join(folder, 'sources.list')
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${folder}/lists`,
    `Dir::Cache=${folder}`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option])
  rmSync(folder, { recursive: true, force: true })
  for (const name of ['lists', 'archives']) mkdirSync(join(folder, name, 'partial'), { recursive: true })
  writeFileSync(sources, `deb [signed-by=${DEBIAN_KEYS}] ${await readDebianMirror()} trixie main\n`)
  await run('apt-get', [...options, 'update'])
  await run('apt-get', [...options, 'download', 'docker-compose'], { cwd: folder })
  const [archive = ''] = globSync('docker-compose_*.deb', { cwd: folder })
  await run('dpkg', ['-x', join(folder, archive), join(KEPT, 'compose')])
  rmSync(folder, { recursive: true })
}
