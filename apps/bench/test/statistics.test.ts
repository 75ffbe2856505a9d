import { expect, test } from 'vitest'
import { createHistogram } from '../src/report/histogram.ts'
import { quantile, summarize } from '../src/report/statistics.ts'

const hundred = Array.from({ length: 101 }, (_, at) => at)

test('a quantile is interpolated between its two neighbours', () => {
  expect(quantile([10, 20], 0.5)).toBe(15)
  expect(quantile([10, 20, 30, 40], 0.25)).toBe(17.5)
})

test('all quantiles of a single sample are that sample', () => {
  expect(summarize([7])).toEqual({ min: 7, mean: 7, median: 7, p95: 7, p99: 7, max: 7 })
})

test('samples are summarized in any order', () => {
  expect(summarize(hundred.toReversed())).toEqual({ min: 0, mean: 50, median: 50, p95: 95, p99: 99, max: 100 })
})

test('a histogram gives the same summary as the samples, to a tenth', () => {
  const histogram = createHistogram()
  for (const sample of hundred) histogram.add(sample + 0.04)
  const summary = histogram.summarize()
  expect(histogram.count).toBe(101)
  expect(summary?.mean).toBeCloseTo(50.04, 5)
  expect(summary?.median).toBeCloseTo(50, 1)
  expect(summary?.p99).toBeCloseTo(99, 1)
  expect(summary?.max).toBe(100.04)
})

test('a histogram counts a sample above its range as its largest value', () => {
  const histogram = createHistogram()
  histogram.add(1e9)
  histogram.add(-1)
  expect(histogram.summarize()).toMatchObject({ min: -1, median: 0, p99: 60_000, max: 1e9 })
})

test('an empty histogram has no summary', () => {
  expect(createHistogram().summarize()).toBeUndefined()
})
