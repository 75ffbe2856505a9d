/** A job that has no duration yet still needs a scale: a second. */
const SMALLEST_MS = 1_000
/** Nine of ten lines fit. The scale of the longest run would turn all others into dots. */
const SHARE_THAT_FITS = 0.9
const STEPS = [1, 2, 5, 10]

const roundUp = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * (STEPS.find((step) => step * power >= value) ?? 10)
}

/**
 * The length of time that the width of a row stands for, from how long each run took, waiting included. The lines of all rows
 * share it. It is a round number: 1, 2 or 5 times a power of ten. Longer runs are cut off at the end of the row.
 */
export const chooseScaleMs = (durationsMs: readonly number[]): number => {
  const sorted = durationsMs.toSorted((one, other) => one - other)
  const fitting = sorted[Math.ceil(sorted.length * SHARE_THAT_FITS) - 1] ?? 0
  return Math.max(SMALLEST_MS, fitting <= 0 ? 0 : roundUp(fitting))
}
