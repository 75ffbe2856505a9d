import { statsSchema } from '@runnel/contract/public'
import { describe, expect, test } from 'vitest'
import { findLonely, stack, toPlots, toRunsLink, toTimes } from '../src/views/operate/plot-data.ts'
import { exampleStats } from './examples.ts'

const stats = statsSchema.parse(
  exampleStats({ succeeded: [2, 0, 1], failed: [1, 0, 0], signaled: [1, 0, 0], 'timed-out': [0, 0, 3] }),
)

describe('The plots of the operator', () => {
  test('have a point in time for each step', () => {
    const start = Date.parse('2026-11-29T12:00:00.000Z') / 1000
    expect(toTimes(stats)).toEqual([start, start + 60, start + 120])
  })

  test('count signals with failures and all limits as one', () => {
    const [ends] = toPlots(stats)
    expect(ends?.lines.map(({ label, values, whole }) => [label, values, whole])).toEqual([
      ['Succeeded', [2, 0, 1], 3],
      ['Failed', [2, 0, 0], 2],
      ['Limit', [0, 0, 3], 3],
      ['Canceled', [0, 0, 0], 0],
      ['Our fault', [0, 0, 0], 0],
    ])
  })

  test('stack the ends of a minute', () => {
    const [ends] = toPlots(stats)
    expect(stack(ends?.lines ?? []).slice(0, 3)).toEqual([
      [2, 0, 1],
      [4, 0, 1],
      [4, 0, 4],
    ])
  })

  test('have the most that waited and ran as their whole', () => {
    const [, load] = toPlots(stats)
    expect(load?.lines.map(({ label, whole }) => [label, whole])).toEqual([
      ['Running', 4],
      ['Waiting', 2],
    ])
  })

  test('say durations with their unit', () => {
    const [, , wait] = toPlots(stats)
    expect(wait?.lines.map(({ whole }) => wait.format(whole ?? 0))).toEqual(['12 ms', '40 ms'])
  })

  test('draw a value without neighbours as a point, for no line goes through it', () => {
    expect(findLonely([1, null, 2, 3, null, 4])).toEqual([0, 5])
    expect(findLonely([null, undefined])).toEqual([])
  })

  test('lead to the runs of a minute, and of all minutes', () => {
    expect(toRunsLink(stats, 'outcome=failed&by=finished', 2)).toBe(
      '/history?outcome=failed&by=finished&from=2026-11-29T12:02:00.000Z&to=2026-11-29T12:03:00.000Z',
    )
    expect(toRunsLink(stats, 'by=started', undefined)).toBe(
      '/history?by=started&from=2026-11-29T12:00:00.000Z&to=2026-11-29T12:03:00.000Z',
    )
  })
})
