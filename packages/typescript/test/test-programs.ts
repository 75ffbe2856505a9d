import { defaultLimits, type Program } from '@runnel/contract/public'
import { findLanguage, type Language } from '@runnel/languages'
import { createDockerSandboxes } from '@runnel/sandbox'
import { describe, expect, test } from 'vitest'
import { readPrograms, type WrittenProgram } from './read-programs.ts'

const languageOf = (id: string): Language => {
  const language = findLanguage(id)
  if (language === undefined) throw new Error(`There is no language "${id}"`)
  return language
}
export const LANGUAGES = [languageOf('javascript'), languageOf('typescript')]

/** All run in a few cells of the same tenant, one after another. */
export const sandboxes = createDockerSandboxes({
  worker: 'typescript',
  languages: LANGUAGES,
  imagePrefix: 'runnel/',
  poolMin: 0,
  poolMax: 4,
  limits: defaultLimits(),
  cpus: 1,
  killGraceMs: 1_000,
  jobsPerCell: 1_000,
  runtime: undefined,
  log: { info: () => {}, warn: (facts, message) => process.emitWarning(`${message} ${JSON.stringify(facts)}`) },
})

export const toProgram = ({ entry, files }: WrittenProgram, env: Program['env']): Program => ({
  language: LANGUAGES.find(({ extensions }) => extensions.some((ending) => entry.endsWith(ending)))?.id ?? 'typescript',
  files: files.map(({ path, text }) => ({ path, content: text, encoding: 'utf8' as const })),
  entry,
  args: [],
  env,
  stdin: '',
  interactive: false,
})

async function* noControls() {}

export const run = async (program: Program, limits = defaultLimits(), tenantId = 'acme') => {
  await using sandbox = await sandboxes.lease(
    { language: program.language, limits, isolation: 'job', tenantId },
    AbortSignal.timeout(30_000),
  )
  const output = { stdout: '', stderr: '' }
  const signal = AbortSignal.timeout(30_000)
  for await (const event of sandbox.run({ program, limits, signal, controls: noControls() })) {
    if (event.type === 'output') output[event.stream] += Buffer.from(event.bytes).toString()
    else return { ...output, outcome: event.outcome, isWarm: sandbox.warm }
  }
  throw new Error('The program never ended')
}

export const check = async (program: WrittenProgram, env: Program['env']) => {
  const { stdout, stderr, outcome, isWarm } = await run(toProgram(program, env))
  const said = program.stderr !== undefined && stderr.includes(program.stderr) ? program.stderr : stderr
  expect({ stdout, stderr: said, outcome, isWarm }).toEqual({
    stdout: program.stdout,
    stderr: program.stderr ?? '',
    outcome: { type: 'exited', exitCode: program.exitCode },
    isWarm: true,
  })
}

/** One test for each program that is picked: it prints what its author expects in an interpreter that was started ahead. */
export const testPrograms = (pick: (program: WrittenProgram, at: number) => boolean): void => {
  const byName = readPrograms()
    .filter(pick)
    .map((program) => [program.name, program] as const)
  describe('A program as people write it prints what its author expects in an interpreter that was started ahead', () => {
    test.each(byName)('%s', (_name, program) => check(program, {}))
  })
}
