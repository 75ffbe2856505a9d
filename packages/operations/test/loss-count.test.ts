import { describe, expect, test } from 'vitest'
import { createLossCount } from '../src/sandboxes/loss-count.ts'

const LOOKS = 3
const one = (renewal: string | undefined) => new Map([['sbx-a', renewal]])

describe('A sandbox', () => {
  test('is lost after so many looks in a row without a renewal', () => {
    const count = createLossCount(LOOKS)
    expect([1, 2, 3, 4].map(() => count.look(one('first')))).toEqual([[], [], [], ['sbx-a']])
  })

  test('is not lost while its lease is renewed, however long it lives', () => {
    const count = createLossCount(LOOKS)
    const looks = Array.from({ length: 40 }, (_, at) => count.look(one(`renewal ${Math.floor(at / LOOKS)}`)))
    expect(looks.flat()).toEqual([])
  })

  test('is lost in the same time if its lease is gone', () => {
    const count = createLossCount(LOOKS)
    expect([1, 2, 3, 4].map(() => count.look(one(undefined)))).toEqual([[], [], [], ['sbx-a']])
  })

  test('gets the whole time again after a look that did not reach Redis', () => {
    const count = createLossCount(LOOKS)
    for (let look = 0; look < LOOKS; look += 1) count.look(one('first'))
    count.forget()
    expect([1, 2, 3, 4].map(() => count.look(one('first')))).toEqual([[], [], [], ['sbx-a']])
  })

  test('does not keep another one from being found', () => {
    const count = createLossCount(1)
    count.look(
      new Map([
        ['sbx-a', 'x'],
        ['sbx-b', 'x'],
      ]),
    )
    expect(
      count.look(
        new Map([
          ['sbx-a', 'y'],
          ['sbx-b', 'x'],
        ]),
      ),
    ).toEqual(['sbx-b'])
  })
})
