import { expect, test } from 'vitest'
import { replaceBetweenMarks, toPageTable } from '../src/report/performance-page.ts'
import { toScenarioText, toVerdictText } from '../src/report/print.ts'
import { toRow } from '../src/report/row.ts'
import { toDigits, toTable } from '../src/report/table.ts'
import type { Target } from '../src/report/targets.ts'
import { judge } from '../src/report/verdict.ts'
import { resultsWith } from './results.ts'

const target: Target = {
  scenario: 'sequential',
  says: 'Median to bare Python',
  ours: { contender: 'runnel-stream', what: 'first byte', take: 'median' },
  theirs: { contender: 'bare-python', what: 'first byte', take: 'median' },
  bound: { atMost: 0.5 },
}
const results = resultsWith(
  'sequential',
  toRow('runnel-stream', 'first byte', 'ms', [4]),
  toRow('bare-python', 'first byte', 'ms', [10]),
)

test('text is on the left and numbers are on the right', () => {
  expect(
    toTable(
      [
        ['name', 'ms'],
        ['a', '1'],
        ['bcdef', '100'],
      ],
      1,
    ),
  ).toBe(['  name    ms', '  a        1', '  bcdef  100'].join('\n'))
})

test.for([
  [0.0123456, '0.0123'],
  [4.56789, '4.57'],
  [99.96, '100'],
  [1234.5, '1235'],
  [12_345.6, '12,346'],
  [0, '0'],
] as const)('%d is written with three digits that mean something, as %s', ([value, text]) => {
  expect(toDigits(value)).toBe(text)
})

test('a failed scenario shows its error', () => {
  const failed = { scenario: 'idle', says: 'it', tookMs: 1_500, rows: [], failure: 'Docker is away' } as const
  expect(toScenarioText(failed)).toBe('  failed: Docker is away\n  1.5 s\n')
})

test('failures are shown below the numbers', () => {
  const row = toRow('runnel-stream', 'finished', 'ms', [1], ['No answer'])
  expect(toScenarioText({ scenario: 'idle', says: 'it', tookMs: 0, rows: [row] })).toContain('runnel-stream: No answer')
})

test('a verdict shows both sides, the ratio and the bound', () => {
  expect(toVerdictText([judge(results, target)])).toMatch(
    /pass +sequential +Median to bare Python +4 +10 +0\.4 +≤ 0\.5 ×/,
  )
  expect(toVerdictText([judge(resultsWith('idle'), target)])).toContain('not measured')
})

test('the table of docs/performance.md replaces the one before it', () => {
  const text = 'before\n<!-- bench: written by npm run bench -- --docs -->\nold\n<!-- /bench -->\nafter\n'
  const table = toPageTable(results, [judge(results, target)])
  const once = replaceBetweenMarks(text, table)
  expect(once).toContain('| Median to bare Python | **0.4 ×** (4 to 10) | ≤ 0.5 × | ✓ |')
  expect(once).not.toContain('old')
  expect(once).toMatch(/^before\n[\s\S]*\nafter\n$/)
  expect(replaceBetweenMarks(once, table)).toBe(once)
})

test('a page without the marks is refused', () => {
  expect(() => replaceBetweenMarks('nothing', 'table')).toThrow('docs/performance.md has no')
})

test('a target that a slow machine need not reach says so', () => {
  const where = { figure: { contender: 'bare-python', what: 'first byte', take: 'mean' }, atMost: 5 } as const
  const verdict = judge(results, { ...target, bound: { atMost: 0.1 }, where })
  expect(toVerdictText([verdict])).toContain('too slow here')
  expect(toPageTable(results, [verdict])).toContain('| ≤ 0.1 × | this machine is too slow |')
})
