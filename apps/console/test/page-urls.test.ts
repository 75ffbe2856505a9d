import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')

/** The routes of the page; the one of the Run view is a pattern. */
const routes = [...read('console/src/app.tsx').matchAll(/<Route path="([^"]+)"/g)].map(([, path]) => path)

test('The API serves the page at the address of each view', () => {
  const [, list = ''] = /PAGE_URLS = \[([^\]]+)\]/.exec(read('api/src/console/register-console.ts')) ?? []
  const served = [...list.matchAll(/'([^']+)'/g)].map(([, url]) => url)
  expect(routes.length).toBeGreaterThan(3)
  expect(served.toSorted()).toEqual(['/', '/r/:job', ...routes].toSorted())
})
