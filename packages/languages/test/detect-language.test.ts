import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { detectLanguage } from '../src/index.ts'

const corpus = readFileSync(new URL('corpus.txt', import.meta.url), 'utf8')
  .split(/^=== /m)
  .slice(1)
  .map((piece) => {
    const end = piece.indexOf('\n')
    const [language = '', title = ''] = piece.slice(0, end).split(': ', 2)
    return {
      language: language === 'nothing' ? undefined : language,
      title,
      content: piece.slice(end + 1),
    }
  })

test('The corpus has at least sixty programs', () => {
  expect(corpus.length).toBeGreaterThanOrEqual(60)
})

describe('A program without a language is', () => {
  test.each(corpus)('$language: $title', ({ language, content }) => {
    expect(detectLanguage({ content })).toBe(language)
  })
})

describe('The same language is detected', () => {
  test.each([
    ['with a byte order mark', (text: string) => `\uFEFF${text}`],
    ['with Windows line endings', (text: string) => text.replaceAll('\n', '\r\n')],
    ['without the last line ending', (text: string) => text.trimEnd()],
    ['with empty lines before it', (text: string) => (text.startsWith('#!') ? text : `\n\n${text}`)],
  ])('%s', (_, change) => {
    for (const { language, title, content } of corpus) {
      expect(detectLanguage({ content: change(content) }), title).toBe(language)
    }
  })
})

test('The file extension of the entry decides before the content does', () => {
  expect(detectLanguage({ entry: 'src/app.mts', content: '#!/bin/bash\nprint(1)' })).toBe('typescript')
  expect(detectLanguage({ entry: 'RUN.PY', content: 'console.log(1)' })).toBe('python')
  expect(detectLanguage({ entry: 'index.html', content: 'print(1)' })).toBe('html')
})

test('The content decides if the file extension belongs to no language', () => {
  expect(detectLanguage({ entry: 'notes.txt', content: 'print(1)' })).toBe('python')
  expect(detectLanguage({ entry: 'src.py/run', content: 'console.log(1)' })).toBe('javascript')
})

test('Only the start of a long program is examined', () => {
  expect(detectLanguage({ content: `${' '.repeat(64 * 1024)}print(1)` })).toBeUndefined()
  expect(
    detectLanguage({
      content: `print(1)\n${'console.log(1)\n'.repeat(60_000)}`,
    }),
  ).toBe('javascript')
})

test('Text that is made to be slow to examine is examined quickly', { timeout: 60_000 }, () => {
  const pieces = [
    ...['"', "'", '`', '/* ', ' /*', '<<A\n', '<<A', '#', '\\', '"\\', "'''", '{', '<', ' |'],
    ...['for x ', 'import a, ', 'a: ', '[[ ', 'def a(', 'x=', 'const x', '$a ', ') : A'],
  ]
  for (const piece of pieces) {
    for (const unit of [piece, `${piece}\n`, `x ${piece} y\n`]) {
      const before = process.cpuUsage()
      detectLanguage({ content: unit.repeat(64 * 1024) })
      // Of a processor, because other tests run beside this one.
      expect(process.cpuUsage(before).user / 1_000, JSON.stringify(unit)).toBeLessThan(1_000)
    }
  }
})
