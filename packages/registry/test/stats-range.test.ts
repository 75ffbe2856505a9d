import { RequestError } from '@runnel/contract/public'
import { describe, expect, test } from 'vitest'
import { type StatsQuery, toStatsRange } from '../src/stats-range.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** 20 s after a full minute, 34 min after a full hour. */
const NOW = Date.parse('2026-11-29T17:34:20Z')

const toText = (query: StatsQuery): string => {
  const { fromMs, stepMs, steps, unit } = toStatsRange(query, NOW)
  return `${steps} × ${stepMs / MINUTE} min from ${new Date(fromMs).toISOString()}, by the ${unit}`
}

describe('A range', () => {
  test.each([
    [{}, '61 × 1 min from 2026-11-29T16:34:00.000Z, by the minute'],
    [{ fromMs: NOW - DAY }, '1441 × 1 min from 2026-11-28T17:34:00.000Z, by the minute'],
    [{ fromMs: NOW - DAY - 5 * MINUTE }, '1446 × 1 min from 2026-11-28T17:29:00.000Z, by the minute'],
    [{ fromMs: NOW - 2 * DAY }, '49 × 60 min from 2026-11-27T17:00:00.000Z, by the hour'],
    [{ fromMs: NOW - 30 * DAY }, '721 × 60 min from 2026-10-30T17:00:00.000Z, by the hour'],
    [{ fromMs: NOW - 30 * DAY - MINUTE }, '721 × 60 min from 2026-10-30T17:00:00.000Z, by the hour'],
    [{ fromMs: NOW - HOUR, stepMs: 5 * MINUTE }, '13 × 5 min from 2026-11-29T16:30:00.000Z, by the minute'],
    [{ fromMs: NOW - DAY, stepMs: HOUR }, '25 × 60 min from 2026-11-28T17:00:00.000Z, by the hour'],
    [{ fromMs: NOW - 30 * DAY, stepMs: DAY }, '31 × 1440 min from 2026-10-30T00:00:00.000Z, by the hour'],
    [{ toMs: NOW + DAY, fromMs: NOW - MINUTE }, '2 × 1 min from 2026-11-29T17:33:00.000Z, by the minute'],
    [{ fromMs: NOW - 2 * MINUTE, toMs: NOW - MINUTE }, '2 × 1 min from 2026-11-29T17:32:00.000Z, by the minute'],
    [{ fromMs: NOW - 3 * DAY, toMs: NOW - 2 * DAY }, '25 × 60 min from 2026-11-26T17:00:00.000Z, by the hour'],
  ] as const)('of %j is in whole steps: %s', (query, range) => {
    expect(toText(query)).toBe(range)
  })

  test.each([
    [{ fromMs: NOW, toMs: NOW }, 'Cannot read from: it must be before `to`'],
    [{ fromMs: NOW, toMs: NOW - HOUR }, 'Cannot read from: it must be before `to`'],
    [{ fromMs: NOW + MINUTE, toMs: NOW + HOUR }, 'Cannot read from: it must not be in the future'],
    [{ fromMs: NOW - 31 * DAY }, 'Cannot read from: numbers are kept for 30 days'],
    [{ fromMs: 0 }, 'Cannot read from: numbers are kept for 30 days'],
    [{ toMs: NOW - 40 * DAY }, 'Cannot read from: numbers are kept for 30 days'],
    [{ stepMs: 90_000 }, 'Cannot read step: it must be whole minutes, in milliseconds'],
    [{ fromMs: NOW - 2 * DAY, stepMs: 90 * MINUTE }, 'Cannot read step: numbers by the minute are kept for 24 hours'],
  ] as const)('of %j is refused: %s', (query, message) => {
    expect(() => toStatsRange(query, NOW)).toThrow(RequestError)
    expect(() => toStatsRange(query, NOW)).toThrow(message)
  })
})
