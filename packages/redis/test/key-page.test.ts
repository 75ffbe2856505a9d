import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { toKeyPage } from '../src/key-page.ts'

test('docs/redis-keys.md is what the table of keys generates', async () => {
  const committed = await readFile(new URL('../../../docs/redis-keys.md', import.meta.url), 'utf8')
  expect(committed, 'the page is stale: run `npm --prefix packages/redis run docs`').toBe(toKeyPage())
})
