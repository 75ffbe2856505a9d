import { expect, test } from 'vitest'
import { toRow } from '../src/report/row.ts'
import { TARGETS, type Target } from '../src/report/targets.ts'
import { judge } from '../src/report/verdict.ts'
import { resultsWith } from './results.ts'

const ratio: Target = {
  scenario: 'sequential',
  says: 'median to bare Python',
  ours: { contender: 'runnel-stream', what: 'first byte', take: 'median' },
  theirs: { contender: 'bare-python', what: 'first byte', take: 'median' },
  bound: { atMost: 0.5 },
}
const share: Target = {
  scenario: 'burst',
  says: 'all succeed',
  ours: { contender: 'runnel-stream', what: 'finished', take: 'succeeded' },
  bound: { atLeast: 1 },
}
const ours = (ms: number) => toRow('runnel-stream', 'first byte', 'ms', [ms])
const theirs = toRow('bare-python', 'first byte', 'ms', [10])

test('a ratio is ours ÷ theirs, and passes exactly at its bound', () => {
  expect(judge(resultsWith('sequential', ours(5), theirs), ratio)).toMatchObject({ measured: 0.5, passed: true })
  expect(judge(resultsWith('sequential', ours(5.1), theirs), ratio)).toMatchObject({ ours: 5.1, passed: false })
})

test('a target without both sides is neither measured nor passed', () => {
  const verdict = judge(resultsWith('sequential', ours(1)), ratio)
  expect(verdict).toMatchObject({ ours: 1, passed: false })
  expect(verdict.measured).toBeUndefined()
})

test('a row of another scenario does not count', () => {
  expect(judge(resultsWith('staggered', ours(1), theirs), ratio).passed).toBe(false)
})

test('one failure among a hundred misses a target that requires all to succeed', () => {
  const times = Array.from({ length: 99 }, () => 5)
  const row = toRow('runnel-stream', 'finished', 'ms', times, ['No answer'])
  expect(row).toMatchObject({ asked: 100, succeeded: 99, why: 'No answer' })
  expect(judge(resultsWith('burst', row), share)).toMatchObject({ measured: 0.99, passed: false })
})

test('a latency is not measured if nothing succeeded', () => {
  const row = toRow('runnel-stream', 'first byte', 'ms', [], ['No answer'])
  expect(judge(resultsWith('sequential', row, theirs), ratio).measured).toBeUndefined()
})

test('a target for fast machines is excused on a slow one, and not where it was not measured which of them this is', () => {
  const where = { figure: { contender: 'bare-python', what: 'first byte', take: 'mean' }, atMost: 10 } as const
  const target: Target = { ...share, scenario: 'sequential', ours: ratio.ours, bound: { atMost: 20 }, where }
  const slow = toRow('bare-python', 'first byte', 'ms', [10, 12])
  expect(judge(resultsWith('sequential', ours(30), slow), target)).toMatchObject({ passed: true, excused: true })
  expect(judge(resultsWith('sequential', ours(30), theirs), target)).toMatchObject({ passed: false })
  expect(judge(resultsWith('sequential', ours(30)), target)).toMatchObject({ passed: false })
  expect(judge(resultsWith('sequential', ours(20), slow), target)).not.toHaveProperty('excused')
})

test('no two targets are equal', () => {
  expect(new Set(TARGETS.map(({ says }) => says)).size).toBe(TARGETS.length)
})
