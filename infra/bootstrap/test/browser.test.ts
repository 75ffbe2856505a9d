import { expect, test } from 'vitest'
import { type BrowserFacts, decideBrowser } from '../prepare/browser.ts'

const FACTS: BrowserFacts = {
  named: undefined,
  isThere: (path) => path === '/opt/chrome',
  places: ['/usr/bin/chromium', '/opt/chrome'],
  mayInstall: true,
}
const NOTHING = { isThere: () => false }

test.each<[what: string, facts: Partial<BrowserFacts>, decision: string]>([
  ['is the one that is named', { named: '/mine', isThere: (path) => path === '/mine' }, '/mine'],
  ['is the first that is there', {}, '/opt/chrome'],
  ['is the first that is there if none is named', { named: '' }, '/opt/chrome'],
  ['is installed where that is possible', NOTHING, 'install'],
  ['is missing where it is not', { ...NOTHING, mayInstall: false }, 'none'],
])('The browser of the tests %s', (_what, facts, decision) => {
  expect(decideBrowser({ ...FACTS, ...facts })).toBe(decision)
})

test('A browser that is named and not there is refused, although there is another one', () => {
  expect(() => decideBrowser({ ...FACTS, named: '/mine' })).toThrow(
    'RUNNEL_TEST_BROWSER: there is no program at /mine: name another one, or unset it.',
  )
})
