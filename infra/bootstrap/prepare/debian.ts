// What only Debian and Ubuntu offer, to root: installing packages, and making an image of Debian without a registry.
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isInstalled, read, run } from '../command.ts'
import { KEPT } from '../places.ts'

export const isRoot = (): boolean => process.getuid?.() === 0
export const isDebian = (): boolean => existsSync('/etc/debian_version') && isInstalled('apt-get')

const UPDATE_TIMEOUT_MS = 300_000
const INSTALL_TIMEOUT_MS = 600_000

export const installDebianPackages = async (...packages: readonly string[]): Promise<void> => {
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const apt = ['-o', 'DPkg::Lock::Timeout=120']
  // If a third-party source cannot be reached, the update fails, but the installation usually works.
  await run('apt-get', [...apt, 'update'], { env, timeoutMs: UPDATE_TIMEOUT_MS }).catch(() => {})
  const install = ['-o', 'Dpkg::Options::=--force-confold', 'install', '-y', '--no-install-recommends', ...packages]
  await run('apt-get', [...apt, ...install], { env, timeoutMs: INSTALL_TIMEOUT_MS })
}

export const DEBIAN_KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** The mirror that this machine's apt uses for Debian; undefined on Ubuntu, where mmdebstrap takes its own. */
export const readDebianMirror = async (): Promise<string | undefined> => {
  const args = ['--format', '$(REPO_URI)', 'Created-By: Packages', 'Origin: Debian', 'Label: Debian']
  return (await read('apt-get', ['indextargets', ...args])).split('\n')[0] || undefined
}

/** The proxy for all hosts: below it, apt-config also lists the proxies of single hosts. */
export const findProxy = (settings: string): string | undefined => /^Acquire::http::Proxy (\S+)$/im.exec(settings)?.[1]

/** Documentation stays out, as in slim images. */
const PATHS = [
  ...['man', 'info', 'locale', 'doc'].map((folder) => `path-exclude=/usr/share/${folder}/*`),
  'path-include=/usr/share/doc/*/copyright',
]

/** From the mirror, and through the proxy, that this machine's apt uses. */
export const makeDebianImage = async (image: string): Promise<void> => {
  if (!isInstalled('mmdebstrap') || !existsSync(DEBIAN_KEYS)) {
    await installDebianPackages('mmdebstrap', 'debian-archive-keyring')
  }
  const mirror = await readDebianMirror()
  const proxy = findProxy(await read('apt-config', ['dump', '--format', '%f %v%n', 'Acquire::http::Proxy']))
  const archive = join(KEPT, 'debian.tar')
  try {
    await run('mmdebstrap', [
      '--variant=minbase',
      `--keyring=${DEBIAN_KEYS}`,
      ...(proxy === undefined ? [] : [`--aptopt=Acquire::http::Proxy "${proxy}"`]),
      ...PATHS.map((option) => `--dpkgopt=${option}`),
      'trixie',
      archive,
      ...(mirror === undefined ? [] : [mirror]),
    ])
    await run('docker', ['import', archive, image])
  } finally {
    rmSync(archive, { force: true })
  }
}
