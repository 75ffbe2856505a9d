import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

const ROOT = join(import.meta.dirname, '../../..')

/** A place, its folder, and what of @runnel its files may import. A name without a subpath stands for all of that package. */
interface Place {
  readonly place: string
  readonly folder: string
  readonly mayImport: readonly string[]
}

const packagePlace = (name: string, mayImport: readonly string[]): Place => ({
  place: `packages/${name}`,
  folder: `packages/${name}/src`,
  mayImport,
})
const appPlace = (name: string, mayImport: readonly string[]): Place => ({
  place: `apps/${name}`,
  folder: `apps/${name}/src`,
  mayImport,
})

/** docs/architecture.md has the same table, made from this one. */
const PLACES: readonly Place[] = [
  { place: 'packages/contract/public', folder: 'packages/contract/src/public', mayImport: [] },
  { place: 'packages/contract/internal', folder: 'packages/contract/src/internal', mayImport: ['contract/public'] },
  packagePlace('languages', ['contract']),
  packagePlace('process', ['contract/public']),
  packagePlace('bytes', []),
  packagePlace('redis', []),
  packagePlace('javascript-image', []),
  packagePlace('queue', ['contract', 'redis']),
  packagePlace('output', ['contract', 'redis']),
  packagePlace('registry', ['contract', 'redis']),
  packagePlace('blobs', ['bytes', 'contract', 'redis']),
  packagePlace('operations', [
    'blobs',
    'contract',
    'languages',
    'queue/producer',
    'output/subscriber',
    'output/log-writer',
    'output/site-log',
    'registry',
    'redis',
    'gateway/client',
  ]),
  packagePlace('gateway', ['bytes', 'contract', 'registry']),
  packagePlace('sandbox', ['bytes', 'contract', 'languages']),
  packagePlace('client', ['contract/public']),
  packagePlace('terminal', ['client']),
  packagePlace('testing', ['contract/public', 'process']),
  appPlace('api', ['bytes', 'contract', 'languages', 'operations', 'registry', 'redis', 'process', 'gateway/client']),
  appPlace('worker', [
    'blobs',
    'bytes',
    'contract',
    'languages',
    'queue/consumer',
    'output/publisher',
    'registry',
    'redis',
    'sandbox',
    'process',
    'gateway/server',
  ]),
  appPlace('docker-proxy', ['contract', 'languages', 'sandbox', 'process']),
  appPlace('console', ['contract/public', 'client', 'terminal', 'languages/detection']),
  appPlace('bench', ['contract/public', 'client', 'languages', 'sandbox']),
]

/** Each driver has one owner. The bench also measures Docker itself, and the fixtures start containers for tests. */
const DRIVERS: readonly { readonly driver: RegExp; readonly owners: readonly string[] }[] = [
  { driver: /^bullmq$/, owners: ['packages/queue'] },
  { driver: /^ioredis$/, owners: ['packages/redis', 'packages/testing'] },
  { driver: /^dockerode$/, owners: ['packages/sandbox', 'packages/testing', 'apps/bench'] },
  { driver: /^(fastify|@fastify\/.*|fastify-.*)$/, owners: ['apps/api'] },
  { driver: /^@aws-sdk\//, owners: ['packages/blobs'] },
  { driver: /^prom-client$/, owners: ['packages/process'] },
  { driver: /^testcontainers$/, owners: ['packages/testing'] },
]

/** These files connect the parts, so they may import all of them. */
const COMPOSITION_ROOTS = [
  'apps/api/src/main.ts',
  'apps/api/src/keys.ts',
  'apps/worker/src/main.ts',
  'apps/docker-proxy/src/main.ts',
]
/** A package's `./testing` is for tests, and tests may import anything. */
const isFree = (file: string): boolean => COMPOSITION_ROOTS.includes(file) || /\/src\/testing(\.ts$|\/)/.test(file)

const IMPORT = /(?<!')(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g

const importsOf = (file: string): string[] =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)].flatMap(([, specifier]) => specifier ?? [])

/** `../public/job.ts` of contract/internal is `packages/contract/src/public/job.ts`. */
const resolved = (file: string, specifier: string): string => relative(ROOT, join(ROOT, dirname(file), specifier))

const placeOf = (path: string): Place | undefined => PLACES.find(({ folder }) => path.startsWith(`${folder}/`))

/** Why this file may not have this import; undefined if it may. */
const importFault = (file: string, specifier: string): string | undefined => {
  const own = placeOf(file)
  if (own === undefined) return 'is in no place of the table: add one'
  const allows = (name: string): boolean =>
    own.mayImport.some((allowed) => name === allowed || name.startsWith(`${allowed}/`))
  if (specifier.startsWith('.')) {
    const target = placeOf(resolved(file, specifier))
    const ownPackage = own.folder.replace(/\/src\b.*/, '/package.json')
    if (target === own || resolved(file, specifier) === ownPackage) return undefined
    const name = target?.place.replace('packages/', '') ?? specifier
    return target !== undefined && allows(name) ? undefined : `must not reach into ${name}`
  }
  if (specifier.startsWith('@runnel/')) {
    const name = specifier.slice('@runnel/'.length)
    return allows(name) ? undefined : `must not import ${specifier}`
  }
  const driver = DRIVERS.find((one) => one.driver.test(specifier))
  if (driver !== undefined && !driver.owners.includes(own.place)) return `must not import ${specifier}`
  if (own.folder.startsWith('packages/contract') && specifier !== 'zod') return `must not import ${specifier}`
  return undefined
}

const VALUE_IMPORT = /^(?:import|export) (?!type\b)[^']*from '((?:@[^'/]+\/)?[^'./][^'/]*)/gm
const packageSchema = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  peerDependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
})

/** What this file imports at run time and its package has for development only: an image does not install that. */
const importsForDevelopment = (file: string): string[] => {
  const text = readFileSync(join(ROOT, file.replace(/\/src\/.*/, '/package.json')), 'utf8')
  const { dependencies, peerDependencies, devDependencies } = packageSchema.parse(JSON.parse(text))
  const names = [...readFileSync(join(ROOT, file), 'utf8').matchAll(VALUE_IMPORT)].flatMap(([, name]) => name ?? [])
  return names.filter((name) => name in devDependencies && !(name in { ...dependencies, ...peerDependencies }))
}

const toMarkdown = (): string => {
  const rows = PLACES.map(({ place, mayImport }) => `| \`${place}\` | ${mayImport.join(', ') || 'nothing of ours'} |`)
  return ['| place | may import |', '|---|---|', ...rows].join('\n')
}

describe('The table of imports', () => {
  const files = globSync('{apps,packages}/*/src/**/*.{ts,tsx}', { cwd: ROOT })

  test('holds in every file', () => {
    const faults = files
      .filter((file) => !isFree(file))
      .flatMap((file) =>
        importsOf(file).flatMap((specifier) => {
          const fault = importFault(file, specifier)
          return fault === undefined ? [] : [`${file} ${fault}`]
        }),
      )
    expect(files.length).toBeGreaterThan(200)
    expect(faults).toEqual([])
  })

  test('holds for what an image installs: nothing that runs is a dependency for development', () => {
    const faults = files
      .filter((file) => !/\/src\/testing(\.ts$|\/)/.test(file))
      .flatMap((file) => importsForDevelopment(file).map((name) => `${file} must have ${name} as a dependency`))
    expect(faults).toEqual([])
  })

  test('names only composition roots that exist', () => {
    expect(COMPOSITION_ROOTS.filter((root) => !files.includes(root))).toEqual([])
  })

  test.each([
    ['apps/api/src/app.ts', '@runnel/sandbox', 'must not import @runnel/sandbox'],
    ['apps/api/src/app.ts', '@runnel/queue/producer', 'must not import @runnel/queue/producer'],
    ['apps/worker/src/run-job.ts', 'fastify', 'must not import fastify'],
    ['packages/sandbox/src/ending.ts', 'ioredis', 'must not import ioredis'],
    ['packages/operations/src/operations.ts', '@runnel/queue/consumer', 'must not import @runnel/queue/consumer'],
    ['packages/output/src/publisher.ts', '../../queue/src/producer.ts', 'must not reach into queue'],
    ['packages/contract/src/public/job.ts', '../internal/control.ts', 'must not reach into contract/internal'],
    ['packages/process/src/version.ts', '../../queue/package.json', 'must not reach into ../../queue/package.json'],
    ['packages/contract/src/public/job.ts', 'node:buffer', 'must not import node:buffer'],
    ['packages/unknown/src/index.ts', 'zod', 'is in no place of the table: add one'],
  ])('does not let %s import %s', (file, specifier, fault) => {
    expect(importFault(file, specifier)).toBe(fault)
  })

  test.each([
    ['apps/api/src/app.ts', '@runnel/operations'],
    ['apps/worker/src/run-job.ts', '@runnel/queue/consumer'],
    ['packages/sandbox/src/docker/engine.ts', 'dockerode'],
    ['packages/contract/src/internal/control.ts', '../public/text.ts'],
    ['packages/process/src/version.ts', '../package.json'],
  ])('lets %s import %s', (file, specifier) => {
    expect(importFault(file, specifier)).toBeUndefined()
  })

  test('is in docs/architecture.md as it is here', () => {
    const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')
    expect(page.includes(toMarkdown()), `Put this table into docs/architecture.md:\n${toMarkdown()}`).toBe(true)
  })
})
