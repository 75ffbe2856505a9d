import { describe, expect, test } from 'vitest'
import { createEscapeCounter, readScreenKey } from '../src/terminal-keys.ts'

const press = (key: string, modifiers: { ctrlKey?: boolean; metaKey?: boolean; shiftKey?: boolean } = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  isComposing: false,
  ...modifiers,
})

describe('A key on the screen', () => {
  test.each([
    ['Ctrl+C without a selection', press('c', { ctrlKey: true }), false, false, 'program'],
    ['Ctrl+C with a selection', press('c', { ctrlKey: true }), true, false, 'copy'],
    ['Ctrl+Shift+C', press('C', { ctrlKey: true, shiftKey: true }), false, false, 'copy'],
    ['⌘C on a Mac', press('c', { metaKey: true }), false, true, 'copy'],
    ['Ctrl+C on a Mac', press('c', { ctrlKey: true }), true, true, 'program'],
    ['Ctrl+Shift+F', press('F', { ctrlKey: true, shiftKey: true }), false, false, 'find'],
    ['F6', press('F6'), false, false, 'page'],
    ['Ctrl+Enter', press('Enter', { ctrlKey: true }), false, false, 'page'],
    ['⌘. on a Mac', press('.', { metaKey: true }), false, true, 'page'],
    ['Tab', press('Tab'), false, false, 'program'],
    ['Ctrl+K', press('k', { ctrlKey: true }), false, false, 'program'],
  ] as const)('%s', (_, key, hasSelection, onMac, use) => {
    expect(readScreenKey(key, { hasSelection, onMac })).toBe(use)
  })
})

describe('Esc', () => {
  const at = (times: readonly number[], fillsScreen: boolean): boolean[] => {
    let now = 0
    const isLeaving = createEscapeCounter(() => now)
    return times.map((time) => {
      now = time
      return isLeaving('Escape', fillsScreen)
    })
  }

  test('twice leaves, if no more than half a second is between', () => {
    expect(at([0, 500], false)).toEqual([false, true])
    expect(at([0, 501], false)).toEqual([false, false])
  })

  test('three times leaves a program that fills the screen', () => {
    expect(at([0, 100, 200], true)).toEqual([false, false, true])
  })

  test('twice with another key between does not leave', () => {
    const isLeaving = createEscapeCounter(() => 0)
    expect([isLeaving('Escape', false), isLeaving('j', false), isLeaving('Escape', false)]).toEqual([
      false,
      false,
      false,
    ])
  })
})
