import { describe, expect, test } from 'vitest'
import { chooseScaleMs } from '../src/views/history/time-scale.ts'

describe('The scale of the lines in the history', () => {
  test('is a round number that nine of ten runs fit into', () => {
    expect(chooseScaleMs([1_840, 310, 3_900, 120, 400, 900, 1_100, 2_000, 2_400, 30_000])).toBe(5_000)
  })

  test('is the duration itself if that is round', () => {
    expect(chooseScaleMs([2_000])).toBe(2_000)
  })

  test('is never less than a second, also without any run', () => {
    expect(chooseScaleMs([])).toBe(1_000)
    expect(chooseScaleMs([0, 0])).toBe(1_000)
    expect(chooseScaleMs([12, 40])).toBe(1_000)
  })

  test('is that of the long runs if they are the rule', () => {
    expect(chooseScaleMs([290_000, 300_000, 280_000])).toBe(500_000)
  })
})
