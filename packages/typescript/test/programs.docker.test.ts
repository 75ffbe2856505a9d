import { defaultLimits, LIMITS, type Program } from '@runnel/contract/public'
import { findLanguage, type Language } from '@runnel/languages'
import { createDockerSandboxes } from '@runnel/sandbox'
import { afterAll, describe, expect, test } from 'vitest'
import { readPrograms, type WrittenProgram } from './read-programs.ts'

const languageOf = (id: string): Language => {
  const language = findLanguage(id)
  if (language === undefined) throw new Error(`There is no language "${id}"`)
  return language
}
const LANGUAGES = [languageOf('javascript'), languageOf('typescript')]

/** All run in a few cells of the same tenant, one after another. */
const sandboxes = createDockerSandboxes({
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
afterAll(() => sandboxes[Symbol.asyncDispose]())

const toProgram = ({ entry, files }: WrittenProgram, env: Program['env']): Program => ({
  language: LANGUAGES.find(({ extensions }) => extensions.some((ending) => entry.endsWith(ending)))?.id ?? 'typescript',
  files: files.map(({ path, text }) => ({ path, content: text, encoding: 'utf8' as const })),
  entry,
  args: [],
  env,
  stdin: '',
  interactive: false,
})

async function* noControls() {}

const run = async (program: Program, limits = defaultLimits(), tenantId = 'acme') => {
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

const check = async (program: WrittenProgram, env: Program['env']) => {
  const { stdout, stderr, outcome, isWarm } = await run(toProgram(program, env))
  const said = program.stderr !== undefined && stderr.includes(program.stderr) ? program.stderr : stderr
  expect({ stdout, stderr: said, outcome, isWarm }).toEqual({
    stdout: program.stdout,
    stderr: program.stderr ?? '',
    outcome: { type: 'exited', exitCode: program.exitCode },
    isWarm: true,
  })
}

const byName = readPrograms().map((program) => [program.name, program] as const)
/** All programs start with their job in programs.test.ts. These show that the sandbox starts them so as well. */
const SOME = ['child-processes', 'decorators-legacy-by-tsconfig', 'enum', 'jsx-with-react-given', 'worker-thread']

describe('A program as people write it prints what its author expects in an interpreter that was started ahead', () => {
  test.each(byName)('%s', (_name, program) => check(program, {}))
})

describe('A program as people write it prints what its author expects when it has variables of its own', () => {
  test.each(byName.filter(([name]) => SOME.includes(name)))('%s', (_name, program) =>
    check(program, { OWN: '1', NODE_OPTIONS: '--stack-trace-limit=20' }),
  )
})

const SMALLEST = { ...defaultLimits(), memoryBytes: LIMITS.memoryBytes.minimum }

describe.each(LANGUAGES.map((language) => [language.id, language] as const))(
  'A program of %s runs with the least memory that a job can have',
  (_id, { fileName }) => {
    const text = 'const answer = 6 * 7\nconsole.log(answer)\n'
    const written = { name: 'answer', entry: fileName, files: [{ path: fileName, text }] }
    const program = toProgram({ ...written, stdout: '42\n', stderr: undefined, exitCode: 0 }, {})
    const expected = { stdout: '42\n', stderr: '', outcome: { type: 'exited', exitCode: 0 }, isWarm: true }

    test('in a cell that was made for it', async () => {
      expect(await run(program, SMALLEST, `small-${fileName}`)).toEqual(expected)
      expect(await run(program, SMALLEST, `small-${fileName}`)).toEqual(expected)
    })

    test('after a job with more memory', async () => {
      expect(await run(program, defaultLimits(), `large-${fileName}`)).toEqual(expected)
      expect(await run(program, SMALLEST, `large-${fileName}`)).toEqual(expected)
    })
  },
)
