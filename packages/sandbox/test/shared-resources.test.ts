import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const DOCS = join(import.meta.dirname, '../../../docs')
/** `[file](path): "test", "another"` */
const TESTS = /\[[^\]]+\]\(([^)]+)\): ("[^"]+"(?:, "[^"]+")*)/g

/** Names of Python's tests have no spaces. */
const hasTest = (source: string, title: string): boolean =>
  source.includes(title) || source.includes(`def test_${title.replaceAll(' ', '_')}(`)

test('Each row of docs/shared-resources.md names a test that exists', () => {
  const rows = readFileSync(join(DOCS, 'shared-resources.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| (?!thing \|)/.test(line))
    .map((line) => line.split(' | '))
  expect(rows.length).toBeGreaterThan(30)
  const missing = rows.flatMap(([thing = '', , tries = '']) => {
    const named = [...tries.matchAll(TESTS)].flatMap(([, path = '', titles = '']) =>
      [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ path, title })),
    )
    if (named.length === 0) return [`${thing}: no test`]
    return named
      .filter(({ path, title }) => !hasTest(readFileSync(join(DOCS, path), 'utf8'), title))
      .map(({ path, title }) => `${thing}: ${path} has no "${title}"`)
  })
  expect(missing).toEqual([])
})
