const FIRST_MS = 250
const LAST_MS = 8_000

/** How long to wait after the n-th failure in a row (from 1): 0.25 s, doubled up to 8 s, less up to a third by chance. */
export const toPauseMs = (failures: number, random: number): number => {
  const whole = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10))
  return Math.round(whole * (1 - random / 3))
}
