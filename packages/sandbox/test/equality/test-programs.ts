import { constants } from 'node:os'
import { defaultLimits, type Outcome, type Program } from '@runnel/contract/public'
import { findLanguage, type Language } from '@runnel/languages'
import { describe, expect, test } from 'vitest'
import { createDockerSandboxes, type Sandbox } from '../../src/index.ts'
import { type CorpusProgram, readPrograms } from './read-programs.ts'
import { type Ending, runPlain } from './run-plain.ts'

const IMAGE_PREFIX = 'runnel/'

const languageOf = (id: string): Language => {
  const language = findLanguage(id)
  if (language === undefined) throw new Error(`There is no language "${id}"`)
  return language
}
export const PYTHON = languageOf('python')
export const JAVASCRIPT = languageOf('javascript')
export const TYPESCRIPT = languageOf('typescript')

export const sandboxes = createDockerSandboxes({
  worker: 'equality',
  languages: [PYTHON, JAVASCRIPT, TYPESCRIPT],
  imagePrefix: IMAGE_PREFIX,
  poolMin: 2,
  poolMax: 10,
  limits: defaultLimits(),
  cpus: 1,
  killGraceMs: 1_000,
  jobsPerCell: 100,
  runtime: undefined,
  log: { info: () => {}, warn: (facts, message) => process.emitWarning(`${message} ${JSON.stringify(facts)}`) },
})

const toProgram = ({ entry, files, stdin }: CorpusProgram, language: Language): Program => ({
  language: language.id,
  files: files.map(({ path, bytes }) => ({ path, content: bytes.toString('base64'), encoding: 'base64' })),
  entry,
  args: [],
  env: {},
  // A job carries its input as text. Input that is not text goes in as controls.
  stdin: '',
  interactive: stdin.length > 0,
})

const toExitCode = (outcome: Outcome): number => {
  if (outcome.type === 'exited') return outcome.exitCode
  const number = Object.entries(constants.signals).find(
    ([name]) => outcome.type === 'signaled' && name === outcome.signal,
  )
  if (number === undefined) throw new Error(`It ended as ${JSON.stringify(outcome)}`)
  return 128 + number[1]
}

async function* input({ stdin }: CorpusProgram) {
  if (stdin.length === 0) return
  yield { type: 'stdin' as const, data: stdin.toString('base64'), encoding: 'base64' as const }
  yield { type: 'stdin-end' as const }
}

export const runIn = async (
  sandbox: Sandbox,
  corpus: CorpusProgram,
  language: Language,
  env: Record<string, string> = {},
): Promise<Ending> => {
  const output: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] }
  const request = {
    program: { ...toProgram(corpus, language), env },
    limits: defaultLimits(),
    signal: AbortSignal.timeout(50_000),
    controls: input(corpus),
  }
  for await (const event of sandbox.run(request)) {
    if (event.type === 'output') output[event.stream].push(Buffer.from(event.bytes))
    else {
      const [stdout, stderr] = [Buffer.concat(output.stdout), Buffer.concat(output.stderr)]
      return { exitCode: toExitCode(event.outcome), stdout, stderr }
    }
  }
  throw new Error('The program never ended')
}

export const leaseWarm = async (language: Language): Promise<Sandbox> => {
  const sandbox = await sandboxes.lease(
    { language: language.id, limits: defaultLimits(), isolation: 'job', tenantId: 'acme' },
    AbortSignal.timeout(30_000),
  )
  expect(sandbox.warm, 'an interpreter waits in it').toBe(true)
  return sandbox
}

const runWarm = async (program: CorpusProgram, language: Language): Promise<Ending> => {
  await using sandbox = await leaseWarm(language)
  return await runIn(sandbox, program, language)
}

/** One character for each byte: equal exactly if the bytes are equal, and still readable. */
const readable = ({ exitCode, stdout, stderr }: Ending) => ({
  exitCode,
  stdout: stdout.toString('latin1'),
  stderr: stderr.toString('latin1'),
})

const compare = async (program: CorpusProgram, language: Language) => {
  const [plain, warm] = await Promise.all([
    runPlain(program, IMAGE_PREFIX + language.image, language.command(program.entry)),
    runWarm(program, language),
  ])
  expect(readable(warm)).toEqual(readable(plain))
}

const byName = (programs: readonly CorpusProgram[]) => programs.map((program) => [program.name, program] as const)

/** One test for each program of the corpus that is picked: it prints the same with an interpreter that was started ahead. */
export const testPrograms = (pick: (program: CorpusProgram, at: number) => boolean): void => {
  describe('A Python program that was started ahead behaves as if it was not', () => {
    test.concurrent.each(byName(readPrograms('python').filter(pick)))('%s', (_name, program) =>
      compare(program, PYTHON),
    )
  })

  describe('A JavaScript or TypeScript program that was started ahead behaves as if it was not', () => {
    test.concurrent.each(byName(readPrograms('javascript').filter(pick)))('%s', (_name, program) =>
      compare(program, program.entry.endsWith('.ts') ? TYPESCRIPT : JAVASCRIPT),
    )
  })
}
