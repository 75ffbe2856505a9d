import { mkdtempDisposableSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { StartError, toRedisUrl } from '../src/index.ts'

test('The password of Redis comes from a file, if one is named', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'runnel-password-'))
  const file = join(folder.path, 'password')
  const REDIS_URL = 'redis://worker@redis:6379'
  expect(toRedisUrl({ REDIS_URL })).toBe(REDIS_URL)
  expect(() => toRedisUrl({ REDIS_URL, REDIS_PASSWORD_FILE: file })).toThrow(StartError)
  writeFileSync(file, 'a:b@c/d\n')
  const { username, password, host } = new URL(toRedisUrl({ REDIS_URL, REDIS_PASSWORD_FILE: file }))
  expect([username, decodeURIComponent(password), host]).toEqual(['worker', 'a:b@c/d', 'redis:6379'])
})
