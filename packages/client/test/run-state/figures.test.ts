import { expect, test } from 'vitest'
import {
  formatBytes,
  formatGrowing,
  formatLeft,
  formatMeasured,
  formatOrdinal,
  formatSet,
} from '../../src/run-state.ts'

test('a time that was measured has up to three digits', () => {
  expect([0, 4.1, 99.4, 99.5, 310, 1_840, 12_440, 125_400, 1_200_000].map(formatMeasured)).toEqual([
    '0 ms',
    '4 ms',
    '99 ms',
    '0.10 s',
    '0.31 s',
    '1.84 s',
    '12.4 s',
    '125 s',
    '20 min',
  ])
})

test('a time that grows has one digit after the point, and never shows more than has passed', () => {
  expect([-5, 0, 99, 4_290, 99_999, 125_900].map(formatGrowing)).toEqual([
    '0.0 s',
    '0.0 s',
    '0.0 s',
    '4.2 s',
    '99.9 s',
    '125 s',
  ])
})

test('a time that was set is shown as it was set', () => {
  expect([250, 1_000, 1_500, 30_000, 90_000].map(formatSet)).toEqual(['250 ms', '1 s', '1.5 s', '30 s', '90 s'])
})

test('a pause that is not over never shows 0', () => {
  expect([-1, 1, 2_001, 12_000].map(formatLeft)).toEqual(['1 s', '1 s', '3 s', '12 s'])
})

test('sizes are in bytes, KiB and MiB', () => {
  const MIB = 1024 * 1024
  expect([1, 512, 1024, 1536, MIB, 1.5 * MIB, 41.4 * MIB, 256 * MIB, 2048 * MIB].map(formatBytes)).toEqual([
    '1 byte',
    '512 bytes',
    '1 KiB',
    '1.5 KiB',
    '1 MiB',
    '1.5 MiB',
    '41 MiB',
    '256 MiB',
    '2048 MiB',
  ])
})

test('ordinals have their endings', () => {
  expect([1, 2, 3, 4, 11, 12, 13, 21, 65, 112, 1_003].map(formatOrdinal)).toEqual([
    '1st',
    '2nd',
    '3rd',
    '4th',
    '11th',
    '12th',
    '13th',
    '21st',
    '65th',
    '112th',
    '1,003rd',
  ])
})
