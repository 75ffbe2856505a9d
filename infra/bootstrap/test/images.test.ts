import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../places.ts'
import { BUILT, hashFolders, toProxyArguments, toTag } from '../prepare/images.ts'

const openFolder = () => {
  const root = mkdtempSync(join(tmpdir(), 'runnel-images-'))
  return {
    root,
    write(path: string, content: string) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), content)
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  }
}

test('The hash of an image changes with names, contents and bases, and not with documentation or compiled Python', () => {
  using folder = openFolder()
  folder.write('a/Dockerfile', 'FROM b')
  folder.write('b/one.py', '1')
  const hash = (standsOn = 'base') => hashFolders(['a', 'b'], standsOn, folder.root)
  const first = hash()

  folder.write('a/README.md', 'read me')
  folder.write('b/__pycache__/one.pyc', 'compiled')
  expect(hash()).toBe(first)

  const hashes = [first, hash('another base')]
  folder.write('b/one.py', '2')
  hashes.push(hash())
  folder.write('b/.hidden', '')
  hashes.push(hash())
  expect(new Set(hashes).size).toBe(hashes.length)
})

/** Only the package.json of one of them decides what is installed, and it is in the hash. */
const COPIED_FOR_PACKAGES = ['apps', 'packages', 'node_modules/.pnpm/@swc+core-linux-*/node_modules']

const readCopied = (dockerfile: string): readonly string[] =>
  [...readFileSync(join(ROOT, dockerfile), 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
    ([, sources = '']) => sources.split(' '),
  )

test.each(BUILT.filter(({ context }) => context === '.').map((image) => [image.name, image] as const))(
  'The hash of the image %s has all that its Dockerfile copies',
  (_name, { dockerfile, folders }) => {
    const copied = readCopied(dockerfile)
    const isHashed = (place: string) => folders.some((folder) => place === folder || place.startsWith(`${folder}/`))
    expect(copied.length).toBeGreaterThan(0)
    expect(copied.filter((place) => !isHashed(place) && !COPIED_FOR_PACKAGES.includes(place))).toEqual([])
  },
)

test('The name of an image is read without the registry and the tag that an engine adds', () => {
  expect(
    [
      'debian:trixie-slim',
      'docker.io/library/debian:trixie-slim',
      'runnel/base:latest',
      'docker.io/runnel/base:latest',
      'localhost/runnel/debian:trixie-slim',
    ].map(toTag),
  ).toEqual(['debian:trixie-slim', 'debian:trixie-slim', 'runnel/base', 'runnel/base', 'runnel/debian:trixie-slim'])
})

test('A build gets the proxies of its environment, and the network of the host when a proxy is on the loopback', () => {
  expect(toProxyArguments({})).toEqual([])
  expect(toProxyArguments({ http_proxy: 'http://proxy.example:3128', no_proxy: '' })).toEqual([
    '--build-arg',
    'http_proxy=http://proxy.example:3128',
  ])
  for (const proxy of ['http://127.0.0.1:3128', 'http://localhost:3128', 'http://localhost/']) {
    expect(toProxyArguments({ HTTPS_PROXY: proxy })).toEqual([
      '--build-arg',
      `HTTPS_PROXY=${proxy}`,
      '--network',
      'host',
    ])
  }
})
