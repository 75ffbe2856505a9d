/** One number about the page, and how large it may be. */
export interface Measure {
  readonly name: string
  readonly ms: number
  readonly boundMs: number
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
