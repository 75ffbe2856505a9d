export interface Summary {
  readonly min: number
  readonly mean: number
  readonly median: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

const NOTHING: Summary = {
  min: Number.NaN,
  mean: Number.NaN,
  median: Number.NaN,
  p95: Number.NaN,
  p99: Number.NaN,
  max: Number.NaN,
}

/** The value below which this share of `sorted` lies, interpolated between the two nearest samples. */
export const quantile = (sorted: readonly number[], share: number): number => {
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

export const summarize = (samples: readonly number[]): Summary => {
  if (samples.length === 0) return NOTHING
  const sorted = samples.toSorted((a, b) => a - b)
  return {
    min: quantile(sorted, 0),
    mean: sorted.reduce((sum, one) => sum + one, 0) / sorted.length,
    median: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
  }
}
