// The images that a start needs, each on top of the ones before it:
//
//   debian:trixie-slim (pulled, or made here) ─┬─ runnel/base ─┬─ runnel/python
//   runnel/node (the Node and pnpm we run) ────┼───────────────┴─ runnel/javascript
//                                              └─ runnel/redis
//
// Each has the label runnel.source, a hash of all that went into it. An image whose label is right stays as it is.
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { docker, read, run } from '../command.ts'
import { KEPT, ROOT } from '../places.ts'
import { Refusal } from '../refusal.ts'
import { isDebian, isRoot, makeDebianImage } from './debian.ts'
import { toCpu } from './engine.ts'
import type { Step } from './step.ts'
import { bringProgramsForImages, NODE_VERSION, PNPM_VERSION } from './toolchain.ts'

/** All others stand on the first of these that is there. */
const DEBIAN = ['debian:trixie-slim', 'runnel/debian:trixie-slim'] as const
const [PULLED, MADE] = DEBIAN
const PULL_TIMEOUT_MS = 60_000

interface BuiltImage {
  readonly name: string
  readonly context: string
  readonly dockerfile: string
  /** All that its Dockerfile copies from the context. A name may also be that of one file. */
  readonly folders: readonly string[]
  /** The first is its base. */
  readonly standsOn: readonly string[]
  /** Puts into the context what is not in the repository. Without it the build brings that itself. */
  readonly prepare?: () => Promise<void>
}

/** The packages of npm that programs find. */
const layOutPackages = (): Promise<void> =>
  run(process.execPath, ['packages/javascript-image/src/lay-out.ts', 'packages/javascript-image/dist/node_modules'])

const language = (
  name: string,
  more: readonly string[] = [],
  options: Pick<BuiltImage, 'prepare'> = {},
): BuiltImage => ({
  name,
  context: '.',
  dockerfile: `infra/images/${name}/Dockerfile`,
  folders: ['infra/images', 'packages/agent/src', ...more],
  standsOn: ['base', 'node'],
  ...options,
})

export const BUILT: readonly BuiltImage[] = [
  {
    name: 'base',
    context: '.',
    dockerfile: 'infra/images/base/Dockerfile',
    folders: ['infra/images/base'],
    standsOn: ['debian'],
  },
  language('python'),
  // Of apps and packages, which the Dockerfile copies whole, only what decides which packages are installed.
  language(
    'javascript',
    [
      'infra/docker/certificates',
      'infra/docker/install-packages.sh',
      'package.json',
      'packages/javascript-image/package.json',
      'packages/javascript-image/src',
      'packages/typescript/package.json',
      'packages/typescript/src',
      'pnpm-lock.yaml',
      'pnpm-workspace.yaml',
    ],
    { prepare: layOutPackages },
  ),
  {
    name: 'redis',
    context: 'infra/redis',
    dockerfile: 'infra/redis/Dockerfile',
    folders: ['infra/redis'],
    standsOn: ['debian'],
  },
]

interface Image {
  readonly tag: string
  readonly id: string
  readonly arch: string
  readonly source: string
}

const FORMAT = `{{range .RepoTags}}{{.}} {{end}}|{{.Id}}|{{.Architecture}}|{{with .Config}}{{with .Labels}}{{index . "runnel.source"}}{{end}}{{end}}`

/** Some engines report whole names: docker.io/library/debian:trixie-slim, localhost/runnel/base:latest. */
export const toTag = (name: string): string =>
  name.replace(/^(docker\.io\/library|docker\.io|localhost)\//, '').replace(/:latest$/, '')

/** One call for all images. The command fails if one is missing, but still prints the others. */
const inspectImages = async (): Promise<readonly Image[]> => {
  const tags = [...DEBIAN, 'runnel/node', ...BUILT.map(({ name }) => `runnel/${name}`)]
  const list = await read('sh', ['-c', 'docker image inspect "$@" || true', 'sh', '--format', FORMAT, ...tags])
  return list.split('\n').flatMap((line) => {
    const [names = '', id = '', arch = '', source = ''] = line.split('|')
    return names.split(' ').map((name) => ({ tag: toTag(name), id, arch, source }))
  })
}

/** Read once, and again after a step has changed them. */
let known: Promise<readonly Image[]> | undefined
const readImages = (): Promise<readonly Image[]> => (known ??= inspectImages())

const findImage = async (tag: string): Promise<Image | undefined> =>
  (await readImages()).find((image) => image.tag === tag)

const findDebian = async (): Promise<Image | undefined> => (await findImage(PULLED)) ?? (await findImage(MADE))

export const readDebian = async (): Promise<Image> => {
  const debian = await findDebian()
  if (debian === undefined) throw new Refusal('The image of Debian is gone: run this again.')
  return debian
}

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex')

/** A hash over the names and contents of some files and of all files in some folders, and of what they stand on. */
export const hashFolders = (folders: readonly string[], standsOn: string, root = ROOT): string => {
  const list = (place: string): readonly string[] =>
    statSync(join(root, place)).isFile()
      ? [place]
      : readdirSync(join(root, place), { recursive: true }).map((name) => `${place}/${name}`)
  const files = folders
    .flatMap(list)
    .filter((path) => !/\/__pycache__\/|\.md$/.test(path) && statSync(join(root, path)).isFile())
    .sort()
  const lines = files.map((path) => `${path} ${sha256(readFileSync(join(root, path)))}\n`)
  return sha256([`${standsOn}\n`, ...lines].join(''))
}

const sourceOf = async (name: string): Promise<string> => {
  const debian = await readDebian()
  if (name === 'debian') return debian.id
  if (name === 'node') return sha256(`${NODE_VERSION} ${PNPM_VERSION} ${toCpu(debian.arch)}\n`)
  const { folders, standsOn } = findBuilt(name)
  return hashFolders(folders, (await Promise.all(standsOn.map(sourceOf))).join(' '))
}

const findBuilt = (name: string): BuiltImage => {
  const built = BUILT.find((image) => image.name === name)
  if (built === undefined) throw new Error(`There is no image ${name}`)
  return built
}

/** undefined when the engine keeps its files on another machine. */
const findEngineDisk = async (): Promise<string | undefined> => {
  const folder = await docker('info', '--format', '{{.DockerRootDir}}')
  return existsSync(folder) ? folder : undefined
}

const imageStep = (name: string, make: (source: string) => Promise<void>): Step => ({
  title: `Image runnel/${name}`,
  isDone: async () => (await findImage(`runnel/${name}`))?.source === (await sourceOf(name)),
  disk: findEngineDisk,
  async act() {
    await make(await sourceOf(name))
    known = undefined
    // Nothing uses the image that it replaced.
    await docker('image', 'prune', '--force', '--filter', 'label=runnel.source').catch(() => {})
  },
  remedy: `Cannot make the image runnel/${name}: read above why, correct it, then run this again.`,
})

const PROXIES = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']

/** A build needs the proxies that we use. One on this machine's loopback is only on this machine's network. */
export const toProxyArguments = (env: NodeJS.ProcessEnv): readonly string[] =>
  PROXIES.flatMap((name) => {
    const value = env[name] ?? ''
    const network = /:\/\/(localhost[:/]|127\.)/.test(value) ? ['--network', 'host'] : []
    return value === '' ? [] : ['--build-arg', `${name}=${value}`, ...network]
  })

const build = async (image: BuiltImage, source: string): Promise<void> => {
  await image.prepare?.()
  const {
    name,
    context,
    dockerfile,
    standsOn: [base],
  } = image
  const baseImage = base === 'debian' ? (await readDebian()).tag : `runnel/${base}`
  const sources = ['--build-arg', `BASE_IMAGE=${baseImage}`, '--build-arg', 'NODE_IMAGE=runnel/node']
  const result = ['--label', `runnel.source=${source}`, '--tag', `runnel/${name}`, '--file', dockerfile]
  // The classic builder is enough, and is the only one where buildx is not installed.
  const hasBuildx = await docker('buildx', 'version').then(
    () => true,
    () => false,
  )
  await run('docker', ['build', ...sources, ...toProxyArguments(process.env), ...result, context], {
    env: hasBuildx ? {} : { DOCKER_BUILDKIT: '0' },
  })
}

/** A file system with the two programs and nothing else: other images copy them from it. */
const importNode = async (source: string): Promise<void> => {
  const programs = await bringProgramsForImages(toCpu((await readDebian()).arch))
  const folder = join(KEPT, 'toolchain/image')
  const archive = join(KEPT, 'node.tar')
  try {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(join(folder, 'usr/local/bin'), { recursive: true })
    for (const program of programs) cpSync(program, join(folder, 'usr/local/bin', basename(program)))
    await run('tar', ['-C', folder, '--numeric-owner', '-cf', archive, 'usr'])
    await run('docker', ['import', '--change', `LABEL runnel.source=${source}`, archive, 'runnel/node'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
    rmSync(archive, { force: true })
  }
}

const bringDebian: Step = {
  title: 'Image of Debian',
  isDone: async () => (await findDebian()) !== undefined,
  disk: findEngineDisk,
  async act() {
    known = undefined
    try {
      await run('docker', ['pull', PULLED], { timeoutMs: PULL_TIMEOUT_MS })
    } catch (error) {
      if (!isRoot() || !isDebian()) throw error
      await makeDebianImage(MADE)
    }
  },
  remedy:
    'Cannot get debian:trixie-slim: let Docker reach a registry, or `docker load` that image, then run this again.',
}

const buildStep = (name: string): Step => imageStep(name, (source) => build(findBuilt(name), source))

export const imageSteps: readonly Step[] = [
  bringDebian,
  buildStep('base'),
  imageStep('node', importNode),
  buildStep('python'),
  buildStep('javascript'),
  buildStep('redis'),
]
