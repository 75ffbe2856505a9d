import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const SOURCES = join(import.meta.dirname, '../src')

test('Each file of the agent has a unit test that uses it', () => {
  const tests = globSync('test_*.py', { cwd: import.meta.dirname }).map((name) =>
    readFileSync(join(import.meta.dirname, name), 'utf8'),
  )
  const modules = globSync('**/*.py', { cwd: SOURCES }).map((path) =>
    path.replace(/(?:\/__init__)?\.py$/, '').replaceAll('/', '.'),
  )
  const hasTest = (module: string): boolean => tests.some((test) => isUsedBy(module, test))
  expect(modules.filter((module) => !hasTest(module))).toEqual([])
})

/** It is imported by the test itself or by a Python that it starts, run as a program, or given as a task. */
const isUsedBy = (module: string, test: string): boolean => {
  if (module === '__main__') return test.includes('runpy.run_path(')
  const name = module.replaceAll('.', '\\.')
  const task = module.replace(/^tasks\./, '')
  const uses = [`^ *from ${name} import `, `\\bimport (?:[\\w., ]+, )?${name}(?:$|[,;])`]
  if (task !== module) uses.push(`self\\.(?:start|run_task|fail_task)\\("${task}"`)
  return new RegExp(uses.join('|'), 'm').test(test)
}
