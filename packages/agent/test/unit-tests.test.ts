import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const SOURCES = join(import.meta.dirname, '../src')

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
