import { describe, expect, test } from 'vitest'
import { createLineHistory, type Key, readLineKey, splitPaste } from '../src/typed-line.ts'

const press = (key: string, modifiers: Partial<Key> = {}): Key => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  isComposing: false,
  ...modifiers,
})
const ctrl = (key: string): Key => press(key, { ctrlKey: true })

describe('A key in a line that is typed', () => {
  test.each([
    [press('Enter'), 'send'],
    [press('ArrowUp'), 'older'],
    [press('ArrowDown'), 'newer'],
    [ctrl('c'), 'interrupt'],
    [ctrl('C'), 'interrupt'],
    [ctrl('d'), 'end'],
    [ctrl('u'), 'kill-before'],
    [ctrl('k'), 'kill-after'],
    [press('a'), undefined],
    [press('Enter', { isComposing: true }), undefined],
    [press('Enter', { shiftKey: true }), undefined],
    [press('c', { metaKey: true }), undefined],
  ] as const)('%o means %s', (key, act) => {
    expect(readLineKey(key, false)).toBe(act)
  })

  test('copies with Ctrl+C when something is selected', () => {
    expect(readLineKey(ctrl('c'), true)).toBeUndefined()
  })
})

describe('Pasted text', () => {
  test('of one line goes into the line where the caret is', () => {
    expect(splitPaste('ab', 'X', 'cd')).toEqual({ lines: [], rest: 'abXcd', caret: 3 })
  })

  test('of several lines sends those that are complete, and leaves the last one', () => {
    expect(splitPaste('1', '2\r\n3\n4\r5', '6')).toEqual({ lines: ['12', '3', '4'], rest: '56', caret: 1 })
  })

  test('that ends with a line end leaves what was after the caret', () => {
    expect(splitPaste('', 'a\nb\n', 'z')).toEqual({ lines: ['a', 'b'], rest: 'z', caret: 0 })
  })
})

describe('The lines that were sent', () => {
  test('come back from the newest on, and the unsent one after them', () => {
    const history = createLineHistory()
    history.add('one')
    history.add('two')
    expect([history.older('thr'), history.older(''), history.older('')]).toEqual(['two', 'one', undefined])
    expect([history.newer(), history.newer(), history.newer()]).toEqual(['two', 'thr', undefined])
  })

  test('do not hold empty ones, nor the same twice in a row', () => {
    const history = createLineHistory()
    for (const line of ['a', 'a', '', 'a']) history.add(line)
    expect([history.older(''), history.older('')]).toEqual(['a', undefined])
  })
})
