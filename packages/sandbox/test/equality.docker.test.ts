import { constants } from 'node:os'
import { defaultLimits, type Outcome, type Program } from '@runnel/contract/public'
import { findLanguage, type Language } from '@runnel/languages'
import { afterAll, describe, expect, test } from 'vitest'
import { createDockerSandboxes, type Sandbox } from '../src/index.ts'
import { type CorpusProgram, readPrograms } from './equality/read-programs.ts'
import { type Ending, runPlain } from './equality/run-plain.ts'

const IMAGE_PREFIX = 'runnel/'

const languageOf = (id: string): Language => {
  const language = findLanguage(id)
  if (language === undefined) throw new Error(`There is no language "${id}"`)
  return language
}
const PYTHON = languageOf('python')
const JAVASCRIPT = languageOf('javascript')
const TYPESCRIPT = languageOf('typescript')

const sandboxes = createDockerSandboxes({
  worker: 'equality',
  languages: [PYTHON, JAVASCRIPT, TYPESCRIPT],
  imagePrefix: IMAGE_PREFIX,
  poolMin: 2,
  poolMax: 10,
  limits: defaultLimits(),
  cpus: 1,
  killGraceMs: 1_000,
  jobsPerContainer: 100,
  runtime: undefined,
  log: { info: () => {}, warn: (facts, message) => process.emitWarning(`${message} ${JSON.stringify(facts)}`) },
})
afterAll(() => sandboxes[Symbol.asyncDispose]())

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

const runIn = async (
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

const leaseWarm = async (language: Language): Promise<Sandbox> => {
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

describe('A Python program that was started ahead behaves as if it was not', () => {
  test.concurrent.each(byName(readPrograms('python')))('%s', (_name, program) => compare(program, PYTHON))
})

describe('A JavaScript or TypeScript program that was started ahead behaves as if it was not', () => {
  test.concurrent.each(byName(readPrograms('javascript')))('%s', (_name, program) =>
    compare(program, program.entry.endsWith('.ts') ? TYPESCRIPT : JAVASCRIPT),
  )
})

describe('An interpreter that was started ahead', () => {
  /** How long ago the process was started, in milliseconds. Asked in a way that does not make the start barrier start it again. */
  const PYTHON_AGE = `
import os, time
ticks = int(open("/proc/self/stat").read().rpartition(")")[2].split()[19])
print((time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")) * 1000)
`
  const NODE_AGE = "console.log(process[['up', 'time'].join('')]() * 1000)"
  /** The kernel gives the start of a process in hundredths of a second, rounded down. */
  const TICK_MS = 10

  const askAge = async (sandbox: Sandbox, language: Language, env: Record<string, string>): Promise<number> => {
    const bytes = Buffer.from(language === PYTHON ? PYTHON_AGE : NODE_AGE)
    const entry = language.fileName
    const program = { name: 'age', entry, files: [{ path: entry, bytes }], stdin: Buffer.alloc(0) }
    return Number((await runIn(sandbox, program, language, env)).stdout.toString())
  }

  test.each([PYTHON, JAVASCRIPT, TYPESCRIPT])(
    'runs the program ($name), unless it has its own variables',
    async (language) => {
      await using waiting = await leaseWarm(language)
      await using other = await leaseWarm(language)
      const leased = performance.now()
      const startedLater = await askAge(other, language, { OWN: '1' })
      const waitedMs = performance.now() - leased
      expect(startedLater).toBeLessThan(waitedMs + TICK_MS)
      expect(await askAge(waiting, language, {})).toBeGreaterThan(waitedMs)
    },
  )
})
