import { DURATION_BUCKETS_MS } from '@runnel/contract/public'
import { describe, expect, test } from 'vitest'
import { toPercentile } from '../src/percentile.ts'
import { FIELD, readHistogram } from '../src/stats-fields.ts'

const toHistogram = (...durations: readonly number[]): number[] => {
  const fields: Record<string, number> = {}
  for (const ms of durations) {
    const field = FIELD.duration('wait', ms)
    fields[field] = (fields[field] ?? 0) + 1
  }
  return readHistogram(fields, 'wait')
}

describe('A percentile', () => {
  test('is unknown if nothing was measured', () => {
    expect(toPercentile(toHistogram(), 0.5)).toBeNull()
  })

  test('lies in the bucket of the duration that it stands for', () => {
    const many = [...Array(95).fill(4), ...Array(5).fill(900)]
    expect(toPercentile(toHistogram(...many), 0.5)).toBe(4.05)
    expect(toPercentile(toHistogram(...many), 0.95)).toBe(5)
    expect(toPercentile(toHistogram(...many), 0.96)).toBe(760)
  })

  test('of a duration at the end of a bucket, below the first, and over the last', () => {
    expect(toPercentile(toHistogram(10), 1)).toBe(10)
    expect(toPercentile(toHistogram(0), 1)).toBe(1)
    expect(toPercentile(toHistogram(10_000_000), 0.5)).toBe(3_600_000)
  })

  test('of two processes is that of all durations together', () => {
    const [one, other] = [toHistogram(1, 2, 3, 40), toHistogram(5, 60, 700)]
    const sum = one.map((count, at) => count + (other[at] ?? 0))
    expect(sum).toEqual(toHistogram(1, 2, 3, 40, 5, 60, 700))
  })

  test('is within its bucket of the true one, for durations of all sizes', () => {
    const durations = Array.from({ length: 999 }, (_, n) => 1.0145 ** n)
    for (const share of [0.05, 0.5, 0.9, 0.95, 0.99]) {
      const exact = durations[Math.ceil(share * durations.length) - 1] ?? 0
      const found = toPercentile(toHistogram(...durations), share) ?? 0
      const at = DURATION_BUCKETS_MS.findIndex((end) => exact <= end)
      expect(found).toBeGreaterThanOrEqual(DURATION_BUCKETS_MS[at - 1] ?? 0)
      expect(found).toBeLessThanOrEqual((DURATION_BUCKETS_MS[at] ?? 0) * 1.01)
    }
  })
})
