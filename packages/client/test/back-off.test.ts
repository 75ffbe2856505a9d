import { expect, test } from 'vitest'
import { toPauseMs } from '../src/back-off.ts'

test('the pause after each failure doubles from 0.25 s up to 8 s', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 1_000].map((failures) => toPauseMs(failures, 0))).toEqual([
    250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000,
  ])
})

test('chance makes a pause up to a third shorter, so that clients do not come back all at once', () => {
  expect([0, 0.5, 1].map((random) => toPauseMs(10, random))).toEqual([8_000, 6_667, 5_333])
})
