import { defaultLimits, LIMITS } from '@runnel/contract/public'
import { afterAll, describe, expect, test } from 'vitest'
import { readPrograms } from './read-programs.ts'
import { check, LANGUAGES, run, sandboxes, testPrograms, toProgram } from './test-programs.ts'

afterAll(() => sandboxes[Symbol.asyncDispose]())

// Every sixth. `npm run test:slow` takes them all.
testPrograms((_program, at) => at % 6 === 0)

/** All programs start with their job in programs.test.ts. These show that the sandbox starts them so as well. */
const SOME = ['child-processes', 'decorators-legacy-by-tsconfig', 'enum', 'jsx-with-react-given', 'worker-thread']
const some = readPrograms()
  .filter(({ name }) => SOME.includes(name))
  .map((program) => [program.name, program] as const)

describe('A program as people write it prints what its author expects when it has variables of its own', () => {
  test.each(some)('%s', (_name, program) => check(program, { OWN: '1', NODE_OPTIONS: '--stack-trace-limit=20' }))
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
