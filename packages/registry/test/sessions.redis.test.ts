import { keyRequestSchema } from '@runnel/contract/public'
import { redisTest } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { createKeys, createSessions, readSessionText } from '../src/index.ts'
import { toDigest } from '../src/secret.ts'

const HOUR_MS = 3_600_000
const KEY_ID = '0123456789abcdef'

const test = redisTest.extend('sessions', async ({ redis, prefix }) =>
  createSessions({ redis, prefix, idleMs: HOUR_MS, lifetimeMs: 24 * HOUR_MS }),
)

const readParts = (text: string) => {
  const parts = readSessionText(text)
  if (parts === undefined) throw new Error(`${text} is not of a session`)
  return parts
}

describe('A session', () => {
  test('is found by its id, has 256 random bits, and is kept only as a digest', async ({
    sessions,
    redis,
    redisKeys,
  }) => {
    const { session, text } = await sessions.create(KEY_ID, 'Firefox on Linux')
    const { keyId, id, secret } = readParts(text)
    expect([keyId, id]).toEqual([KEY_ID, session.id])
    expect(Buffer.from(secret, 'base64url').length).toBe(32)
    expect(Date.parse(session.expiresAt) - Date.parse(session.createdAt)).toBe(24 * HOUR_MS)
    const found = await sessions.find(KEY_ID, id)
    expect(found?.session).toEqual(session)
    expect([found?.isGood(), found?.isSecret(secret), found?.isSecret(`${secret}x`), found?.isSecret('')]).toEqual([
      true,
      true,
      false,
      false,
    ])
    expect(await sessions.find('f'.repeat(16), id)).toBeUndefined()
    const kept = JSON.stringify(await redis.hgetall(redisKeys.sessions(KEY_ID)))
    expect(kept).toContain(toDigest(secret))
    expect(kept).not.toContain(secret)
  })

  test('ends alone or with all of its key, and a use that is noted too late does not bring it back', async ({
    sessions,
    redis,
    redisKeys,
  }) => {
    const [one, other] = [await sessions.create(KEY_ID, 'a'), await sessions.create(KEY_ID, 'b')]
    const ofOtherKey = await sessions.create('f'.repeat(16), 'c')
    expect(await sessions.end(KEY_ID, one.session.id)).toBe(true)
    expect(await sessions.end(KEY_ID, one.session.id)).toBe(false)
    await sessions.noteUse(KEY_ID, one.session.id)
    expect((await sessions.list(KEY_ID)).map(({ id }) => id)).toEqual([other.session.id])
    await sessions.endAll(KEY_ID)
    await sessions.noteUse(KEY_ID, other.session.id)
    expect(await redis.exists(redisKeys.sessions(KEY_ID))).toBe(0)
    expect((await sessions.list('f'.repeat(16))).map(({ id }) => id)).toEqual([ofOtherKey.session.id])
  })

  test('ends when it was not used for too long, and at its age although it is used', async ({ redis, prefix }) => {
    const idle = createSessions({ redis, prefix, idleMs: 150, lifetimeMs: HOUR_MS })
    const old = createSessions({ redis, prefix, idleMs: HOUR_MS, lifetimeMs: 300 })
    const unused = await idle.create('a'.repeat(16), 'a')
    const used = await old.create('b'.repeat(16), 'b')
    const isGood = async (sessions: typeof idle, keyId: string, id: string) =>
      (await sessions.find(keyId, id))?.isGood() ?? false
    expect(await isGood(idle, 'a'.repeat(16), unused.session.id)).toBe(true)
    await eventually(async () => !(await isGood(idle, 'a'.repeat(16), unused.session.id)))
    expect(await idle.list('a'.repeat(16))).toEqual([])
    await eventually(async () => {
      await old.noteUse('b'.repeat(16), used.session.id)
      return !(await isGood(old, 'b'.repeat(16), used.session.id))
    })
    await eventually(async () => (await redis.exists(`${prefix}:sessions:${'b'.repeat(16)}`)) === 0)
  })

  test('a key has a hundred at most: one more ends the one that was used last the longest ago', async ({
    sessions,
  }) => {
    const first = await sessions.create(KEY_ID, 'first')
    const second = await sessions.create(KEY_ID, 'second')
    for (let n = 2; n < 100; n += 1) await sessions.create(KEY_ID, `${n}`)
    await sessions.noteUse(KEY_ID, first.session.id)
    const last = await sessions.create(KEY_ID, 'last')
    const ids = (await sessions.list(KEY_ID)).map(({ id }) => id)
    expect([
      ids.length,
      ids.includes(first.session.id),
      ids.includes(second.session.id),
      ids.includes(last.session.id),
    ]).toEqual([100, true, false, true])
  })
})

test('a key that is revoked has no sessions, and one that is used says when', async ({
  sessions,
  redis,
  prefix,
  redisKeys,
}) => {
  const keys = createKeys({ redis, prefix })
  const { key } = await keys.create(keyRequestSchema.parse({ tenant: 'acme', scopes: ['read'] }))
  expect(key.lastUsedAt).toBeNull()
  await keys.noteUse(key.id)
  const used = (await keys.find(key.id))?.key.lastUsedAt ?? ''
  expect(Math.abs(Date.parse(used) - Date.now())).toBeLessThan(60_000)
  await sessions.create(key.id, 'a')
  const revoked = await keys.revoke(key.id)
  expect(revoked?.key.lastUsedAt).toBe(used)
  expect(await keys.list()).toEqual([revoked?.key])
  expect(await redis.exists(redisKeys.sessions(key.id))).toBe(0)
  // A use is written apart from the key, so it never undoes the revocation.
  await keys.noteUse(key.id)
  expect((await keys.find(key.id))?.key.revokedAt).toBe(revoked?.key.revokedAt)
})
