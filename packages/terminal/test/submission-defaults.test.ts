import { describe, expect, test } from 'vitest'
import { withDefaults } from '../src/submission-defaults.ts'

const SIZE = { cols: 100, rows: 30 }

describe('A program that runs in a terminal', () => {
  test.each([
    ['has its input open', { code: 'x' }, { code: 'x', interactive: true }],
    [
      'has the end of input after the stdin that it is given',
      { code: 'x', stdin: 'a' },
      { code: 'x', stdin: 'a', interactive: false },
    ],
    ['keeps what the caller says', { code: 'x', interactive: false }, { code: 'x', interactive: false }],
    [
      'with tty is as large as the screen',
      { code: 'x', tty: true },
      { code: 'x', tty: true, interactive: true, ...SIZE },
    ],
    [
      'with tty and a size keeps that size',
      { code: 'x', tty: true, cols: 40, rows: 10 },
      { code: 'x', tty: true, interactive: true, cols: 40, rows: 10 },
    ],
  ])('%s', (_, given, expected) => {
    expect(withDefaults(given, SIZE)).toEqual(expected)
  })

  test('with tty and no screen yet has the size that the API gives', () => {
    expect(withDefaults({ code: 'x', tty: true }, undefined)).toEqual({ code: 'x', tty: true, interactive: true })
  })
})
