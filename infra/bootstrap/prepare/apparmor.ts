// AppArmor's parser for the test of infra/apparmor: an installed one, else that of Debian's package, unpacked and not installed.
// Installing it would change what the engine does with containers.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isInstalled, run } from '../command.ts'
import { KEPT } from '../places.ts'
import { isDebian } from './debian.ts'
import type { Step } from './step.ts'

const FOLDER = join(KEPT, 'apparmor')
/** Where the package has the parser: Debian 12 and before, Debian 13. */
const PLACES = ['sbin/apparmor_parser', 'usr/sbin/apparmor_parser']
/** A program that was killed while it unpacked has no policy, which comes before the parser. */
const POLICY = 'etc/apparmor.d'

export interface AppArmorParser {
  readonly command: string
  /** The folder with the files that a profile includes. */
  readonly base: string
}

/** Undefined if there is none. */
export const findAppArmorParser = (roots: readonly string[] = ['/', FOLDER]): AppArmorParser | undefined =>
  roots
    .flatMap((root) => PLACES.map((place) => ({ command: join(root, place), base: join(root, POLICY) })))
    .find(({ command, base }) => existsSync(command) && existsSync(join(base, 'abi/3.0')))

export const WITHOUT_APPARMOR =
  "There is no AppArmor parser, so the test of infra/apparmor/runnel-cell is left out: install Debian's or Ubuntu's package `apparmor`, then run this again."

export const bringAppArmorParser: Step = {
  title: "AppArmor's parser from the distribution",
  isDone: () => findAppArmorParser() !== undefined || !isDebian() || !isInstalled('dpkg-deb'),
  disk: () => KEPT,
  async act() {
    rmSync(FOLDER, { recursive: true, force: true })
    mkdirSync(FOLDER, { recursive: true })
    const download = () => run('apt-get', ['download', 'apparmor'], { cwd: FOLDER, timeoutMs: 60_000 })
    // Without it, all other tests still run; the caller says what is left out. The lists of packages may be missing or old.
    try {
      await download().catch(async () => {
        await run('apt-get', ['update'], { timeoutMs: 300_000 })
        await download()
      })
      const archive = readdirSync(FOLDER).find((name) => name.endsWith('.deb')) ?? ''
      await run('dpkg-deb', ['-x', archive, '.'], { cwd: FOLDER, timeoutMs: 60_000 })
    } catch {
      rmSync(FOLDER, { recursive: true, force: true })
    }
  },
  remedy: WITHOUT_APPARMOR,
}
