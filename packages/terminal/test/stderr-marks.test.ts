import { describe, expect, test } from 'vitest'
import { type ChangeAt, toMarkedRows } from '../src/stderr-marks.ts'

const to = (stream: 'stdout' | 'stderr', line: number, column = 0): ChangeAt => ({ to: stream, line, column })

describe('Rows of stderr', () => {
  test.each<[string, readonly ChangeAt[], { line: number; column: number }, unknown]>([
    ['whole lines', [to('stderr', 2), to('stdout', 4)], { line: 9, column: 0 }, [{ from: 2, to: 3 }]],
    ['a part of a line', [to('stderr', 2, 5), to('stdout', 2, 8)], { line: 9, column: 0 }, [{ from: 2, to: 2 }]],
    ['the last text so far', [to('stderr', 2)], { line: 5, column: 3 }, [{ from: 2, to: 5 }]],
    ['no text yet', [to('stderr', 2)], { line: 2, column: 0 }, []],
    [
      'text whose start has scrolled away',
      [to('stderr', -1), to('stdout', 3)],
      { line: 9, column: 0 },
      [{ from: 0, to: 2 }],
    ],
    ['text that has scrolled away', [to('stderr', -1), to('stdout', -1)], { line: 9, column: 0 }, []],
  ])('are found for %s', (_, changes, end, rows) => {
    expect(toMarkedRows(changes, end)).toEqual(rows)
  })
})
