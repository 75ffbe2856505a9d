import { expect, test } from 'vitest'
import { formatAgo, formatBytes, formatCount } from '../src/parts/format.ts'

test.each([
  [1, '1 byte'],
  [900, '900 bytes'],
  [1_536, '1.5 KiB'],
  [268_435_456, '256 MiB'],
  [1_073_741_824, '1 GiB'],
])('%d bytes are said as %s', (bytes, words) => {
  expect(formatBytes(bytes)).toBe(words)
})

test('a count has the right form of its noun', () => {
  expect([formatCount(1, 'file'), formatCount(1_204, 'job')]).toEqual(['1 file', '1,204 jobs'])
})

test.each([
  [2_000, 'now'],
  [40_000, '40 s ago'],
  [300_000, '5 min ago'],
  [90_000_000, 'yesterday'],
])('a moment %d ms ago is said as %s', (ms, words) => {
  const now = new Date('2026-11-29T12:00:00Z')
  expect(formatAgo(new Date(now.getTime() - ms), now)).toBe(words)
})
