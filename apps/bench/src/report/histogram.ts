import type { Summary } from './statistics.ts'

/** Counts samples instead of keeping them, because there may be millions. Exact to a tenth. */
export interface Histogram {
  readonly count: number
  add(value: number): void
  summarize(): Summary | undefined
}

const STEPS_PER_UNIT = 10
const LARGEST = 60_000

export const createHistogram = (): Histogram => {
  const counts = new Uint32Array(LARGEST * STEPS_PER_UNIT + 1)
  let count = 0
  let sum = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY

  const quantile = (share: number): number => {
    const rank = Math.ceil(count * share)
    let passed = 0
    for (const [step, inStep] of counts.entries()) {
      passed += inStep
      if (passed >= rank) return step / STEPS_PER_UNIT
    }
    return max
  }

  return {
    get count() {
      return count
    },
    add(value) {
      count += 1
      sum += value
      min = Math.min(min, value)
      max = Math.max(max, value)
      const step = Math.min(Math.max(Math.round(value * STEPS_PER_UNIT), 0), LARGEST * STEPS_PER_UNIT)
      counts[step] = (counts[step] ?? 0) + 1
    },
    summarize() {
      if (count === 0) return undefined
      return { min, mean: sum / count, median: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max }
    },
  }
}
