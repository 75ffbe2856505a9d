import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { toAclFile, toAclRules } from '../src/acl-rules.ts'
import { KEY_TABLE, type KeyFamily } from '../src/key-table.ts'

const families: readonly KeyFamily[] = Object.values(KEY_TABLE)

test('infra/redis/users.acl is what the table of keys generates', async () => {
  const committed = await readFile(new URL('../../../infra/redis/users.acl', import.meta.url), 'utf8')
  expect(committed, 'the file is stale: run `npm --prefix packages/redis run docs`').toBe(toAclFile())
})

test('Each family of keys says whether workers reach it', () => {
  const answers = new Set(families.map(({ worker }) => worker))
  expect(answers).toEqual(new Set(['nothing', 'write', 'read and write']))
})

test.each([
  { rules: /^(?:%W)?~/, reach: 'reach', closed: ['nothing'], atLeast: 8 },
  { rules: /^~/, reach: 'read', closed: ['nothing', 'write'], atLeast: 9 },
])('No pattern of the keys that workers $reach fits a key that they must not $reach', ({ rules, closed, atLeast }) => {
  const { worker } = toAclRules('{runnel}')
  const globs = worker.filter((rule) => rules.test(rule)).map((rule) => rule.replace(rules, ''))
  const closedTo = families.filter(({ worker: may, type }) => closed.includes(may) && type !== 'channel')
  const fits = (glob: string, key: string) =>
    new RegExp(
      `^${glob
        .split('*')
        .map((part) => part.replaceAll(/[^\w]/g, '\\$&'))
        .join('.*')}$`,
    ).test(key)
  // The most general key of a family: any text where a value stands.
  const keys = closedTo.map(({ pattern }) => `{runnel}:${pattern.replaceAll(/<\w+>/g, 'x:y')}`)
  expect(keys.length).toBeGreaterThan(atLeast)
  expect(keys.filter((key) => globs.some((glob) => fits(glob, key)))).toEqual([])
})
