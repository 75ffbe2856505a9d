import { describe, expect, test } from 'vitest'
import { createPathTest } from '../src/files/artifact-pattern.ts'

describe('A pattern of artifacts', () => {
  test.each([
    ['*.png', ['a.png', '.png'], ['a.PNG', 'a/b.png', 'a.png.txt', 'png']],
    ['out/**', ['out/a', 'out/a/b'], ['out2/a', 'a/out/b']],
    ['**/*.csv', ['a.csv', 'a/b.csv', 'a/b/c.csv'], ['a.csv/b']],
    ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['a', 'b', 'a/x', 'x/a/b']],
    ['?.t*t', ['a.txt', 'a.tt', 'ä.text'], ['ab.txt', '.txt']],
    ['plot [1].png', ['plot [1].png'], ['plot 1.png']],
    ['**', ['a', 'a/b/c'], []],
  ])('%s matches %j and not %j', (pattern, matches, others) => {
    const isWanted = createPathTest([pattern])
    expect([matches.filter(isWanted), others.filter(isWanted)]).toEqual([matches, []])
  })

  test('is one of several, each of which is enough', () => {
    expect(['a', 'b', 'c'].filter(createPathTest(['a', 'c']))).toEqual(['a', 'c'])
  })

  test('is quick, whatever the pattern and the names', () => {
    const startedMs = performance.now()
    expect(createPathTest([`${'a*'.repeat(100)}b`])(`${'a'.repeat(255)}`)).toBe(false)
    expect(createPathTest([`${'**/'.repeat(300)}b`])(`${'a/'.repeat(1_000)}a`)).toBe(false)
    expect(performance.now() - startedMs).toBeLessThan(500)
  })
})
