import { expect, test, vi } from 'vitest'

vi.stubGlobal('navigator', { userAgent: 'test' })
const { readPageKey } = await import('../src/views/run/use-page-keys.ts')

const key = (text: string) => {
  const parts = text.split('+')
  const name = parts.at(-1) ?? ''
  return {
    key: name,
    code: `Key${name.toUpperCase()}`,
    ctrlKey: parts.includes('Ctrl'),
    metaKey: parts.includes('Meta'),
    shiftKey: parts.includes('Shift'),
    altKey: parts.includes('Alt'),
  }
}

test.each([
  ['Ctrl+Enter', 'run'],
  ['Shift+Enter', 'run'],
  ['Ctrl+.', 'stop'],
  ['Ctrl+s', 'share'],
  ['Ctrl+`', 'terminal'],
  ['F6', 'next-pane'],
  ['Shift+F6', 'pane-before'],
  ['F8', 'next-error'],
  ['Shift+F8', 'error-before'],
  ['Alt+i', 'input'],
] as const)('%s means %s', (keys, act) => {
  expect(readPageKey(key(keys), false)).toBe(act)
})

test.each(['Enter', 'Alt+Enter', 's', '.', 'Ctrl+i', 'Ctrl+Shift+I', 'Ctrl+c', 'Meta+Enter'])(
  '%s goes to the element that has the focus',
  (keys) => {
    expect(readPageKey(key(keys), false)).toBeUndefined()
  },
)

test('a Mac runs with ⌘', () => {
  expect([readPageKey(key('Meta+Enter'), true), readPageKey(key('Ctrl+.'), true)]).toEqual(['run', undefined])
})
