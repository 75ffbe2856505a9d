import { expect, test } from 'vitest'
import { readOptions, UsageError } from '../src/options.ts'
import { SCENARIO_NAMES } from '../src/scenarios/scenario.ts'

test('without options everything is measured, and nothing is checked or written', () => {
  expect(readOptions([])).toEqual({ only: SCENARIO_NAMES, check: false, docs: false, help: false })
})

test('some scenarios can be named', () => {
  expect(readOptions(['--only', 'burst,idle', '--check'])).toMatchObject({ only: ['burst', 'idle'], check: true })
})

test('an unknown scenario is refused with the list of those that exist', () => {
  expect(() => readOptions(['--only', 'bursts'])).toThrow(/no scenario "bursts".*sequential/)
})

test('an unknown option is refused', () => {
  expect(() => readOptions(['--fast'])).toThrow(UsageError)
  expect(() => readOptions(['--fast'])).toThrow("Unknown option '--fast'")
})

test('docs/performance.md can only be written by a whole run', () => {
  expect(() => readOptions(['--docs', '--only', 'idle'])).toThrow('leave out --only')
})
