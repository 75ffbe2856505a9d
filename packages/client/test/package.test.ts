import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Packed, packClient } from './packed.ts'

let packed: Packed
beforeAll(async () => {
  packed = await packClient()
})
afterAll(() => packed[Symbol.asyncDispose]())

test('publint finds nothing to say about the tarball', async () => {
  const { buffer } = new Uint8Array(packed.tarball)
  const { messages } = await publint({ pack: { tarball: buffer }, level: 'suggestion', strict: true })
  expect(messages).toEqual([])
})

test('each kind of import finds the types that belong to what it gets', async () => {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(packed.tarball)))
  if (analysis.types === false) throw new Error('The package has no types')
  expect(Object.keys(analysis.entrypoints)).toEqual(['.', './run-state'])
  // It is ESM only. `require` gets it in Node ≥ 22; the oldest resolution (node10) knows no exports.
  const problems = analysis.problems.filter(
    (problem) =>
      problem.kind !== 'CJSResolvesToESM' && !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
  )
  expect(problems).toEqual([])
})

test('the package has no dependency, and imports nothing but its own files', async () => {
  const installed = join(packed.folder, 'node_modules/@runnel/client')
  const description = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))
  expect([description.dependencies, description.peerDependencies, description.private]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  const files = globSync('dist/**/*.{js,d.ts}', { cwd: installed })
  expect(files.length).toBeGreaterThan(50)
  for (const file of files) {
    const specifiers = [...(await readFile(join(installed, file), 'utf8')).matchAll(/(?:from|import\()\s*'([^']+)'/g)]
    const foreign = specifiers
      .map(([, specifier = '']) => specifier)
      .filter((specifier) => !/^\.\.?\/.*\.[jt]s$/.test(specifier))
    expect([file, foreign]).toEqual([file, []])
  }
})

test('Node imports the installed package', async () => {
  const code = `import * as client from '@runnel/client'
import * as runState from '@runnel/client/run-state'
console.log(JSON.stringify([Object.keys(client), Object.keys(runState)]))`
  expect(JSON.parse(await packed.runNode(code))).toEqual([
    [
      'Runnel',
      'RunnelApiError',
      'RunnelConnectionError',
      'RunnelError',
      'RunnelFollowError',
      'RunnelTicketError',
      'Sandbox',
      'createTextOfStream',
      'toBytes',
    ],
    [
      'GLYPHS',
      'describeOutcome',
      'describeRun',
      'findFault',
      'formatBytes',
      'formatGrowing',
      'formatLeft',
      'formatMeasured',
      'formatOrdinal',
      'formatSet',
      'initialRunState',
      'reduceRunState',
    ],
  ])
})

test('a program for browsers compiles against the types alone, checked strictly', async () => {
  const code = `import { type JobEvent, Runnel } from '@runnel/client'
import { describeRun, initialRunState, reduceRunState } from '@runnel/client/run-state'
export const run = async (): Promise<string> => {
  const runnel = new Runnel({ getTicket: async ({ jobIds }) => jobIds.join() })
  let state = initialRunState
  const onEvent = (event: JobEvent): void => void (state = reduceRunState(state, event))
  const { stdout } = await runnel.run('print(1)', { onEvent })
  return stdout + describeRun(state, Date.now()).sentence
}
`
  expect(await packed.compile(code)).toBe('')
  expect(await packed.compile(code.replace('new Runnel({', 'new Runnel({ apiKey: "rnl_", '))).toContain('error TS2322')
})
