import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** What the local sandbox needs. */
const OLDEST = '(3, 11)'
/** A call that blocks stops the timer of a test, too. */
const TIMEOUT_MS = 40_000
const SOURCES = join(import.meta.dirname, '../src')

const python = (...args: readonly string[]) =>
  spawnSync('python3', ['-B', ...args], {
    cwd: import.meta.dirname,
    env: { ...process.env, PYTHONPATH: SOURCES },
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })

const hasPython = python('-c', `import sys; sys.exit(sys.version_info < ${OLDEST})`).status === 0
const reason = hasPython
  ? ''
  : ' (skipped: there is no python3 of version 3.11 or newer here; the docker tests run them)'

/** What runs the rest, the types alone, and what works only in a whole cell, where the tests of packages/sandbox try it. */
const WITHOUT_TESTS = new Set(
  '__main__ messages rehearsal confinement.place lasting lasting_init tree tasks'.split(' '),
)

const isExempt = (module: string): boolean => WITHOUT_TESTS.has(module) || module.startsWith('tasks.')

test('Each file of the agent has a unit test that imports it', () => {
  const tests = globSync('test_*.py', { cwd: import.meta.dirname }).map((name) =>
    readFileSync(join(import.meta.dirname, name), 'utf8'),
  )
  const modules = globSync('**/*.py', { cwd: SOURCES }).map((path) =>
    path.replace(/(?:\/__init__)?\.py$/, '').replaceAll('/', '.'),
  )
  const hasTest = (module: string): boolean => tests.some((test) => isImportedBy(module, test))
  expect(modules.filter((module) => !hasTest(module) && !isExempt(module))).toEqual([])
})

/** By the test itself, or by a Python that it starts. */
const isImportedBy = (module: string, test: string): boolean => {
  const name = module.replaceAll('.', '\\.')
  return new RegExp(`^from ${name} import |\\bimport (?:[\\w., ]+, )?${name}(?:$|[,;])`, 'm').test(test)
}

test.skipIf(!hasPython)(
  `The unit tests of the agent pass with the python3 of this machine${reason}`,
  {
    timeout: TIMEOUT_MS,
  },
  () => {
    const { status, stderr } = python('-m', 'unittest', 'discover')
    expect(status, stderr).toBe(0)
    const written = globSync('test_*.py', { cwd: import.meta.dirname }).flatMap(
      (name) => readFileSync(join(import.meta.dirname, name), 'utf8').match(/^ {4}def test_/gm) ?? [],
    )
    expect(stderr).toContain(`\nRan ${written.length} tests in `)
  },
)
