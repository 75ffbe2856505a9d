import { expect, test } from 'vitest'
import { sayTimeLeft } from '../src/views/account/time-left.ts'

const NOW = new Date(2026, 10, 29, 14, 2, 31)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

test.each([
  [-1, 'now'],
  [59_000, 'now'],
  [30 * MINUTE, 'in 30 min'],
  [3.5 * HOUR, 'in 3 h'],
  [25 * HOUR, 'in 25 h'],
  [12 * DAY, 'in 12 days'],
  [90 * DAY, 'on 27 Feb 2027'],
])('%d ms from now is "%s"', (ms, words) => {
  expect(sayTimeLeft(new Date(NOW.getTime() + ms), NOW)).toBe(words)
})
