import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DIFFERENCES } from './place/differences.ts'

const PAGE = join(import.meta.dirname, '../../../docs/differences.md')

test('docs/differences.md lists the differences of differences.ts, in that order', () => {
  const rows = readFileSync(PAGE, 'utf8')
    .split('\n')
    .filter((line) => /^\| (?!what \|)/.test(line))
  const listed = Object.values(DIFFERENCES).flat()
  expect(rows).toEqual(listed.map(({ what, plain, here, because }) => `| ${what} | ${plain} | ${here} | ${because} |`))
})
