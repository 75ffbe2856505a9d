import { DURATION_BUCKETS_MS } from '@runnel/contract/public'

/**
 * The duration that `share` of a histogram's durations do not exceed, in ms: as if those of a bucket were spread evenly over
 * it. Those over the last bucket count as its end. null if nothing was counted.
 */
export const toPercentile = (histogram: readonly number[], share: number): number | null => {
  const total = histogram.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  const wanted = share * total
  let below = 0
  for (const [at, end] of DURATION_BUCKETS_MS.entries()) {
    const count = histogram[at] ?? 0
    if (count > 0 && below + count >= wanted) {
      const start = DURATION_BUCKETS_MS[at - 1] ?? 0
      return toThreeDigits(start + ((end - start) * (wanted - below)) / count)
    }
    below += count
  }
  return DURATION_BUCKETS_MS.at(-1) ?? null
}

/** More digits would promise an exactness that buckets do not have. */
const toThreeDigits = (ms: number): number => Number(ms.toPrecision(3))
