import { redisTest as test } from '@runnel/redis/testing'
import { describe, expect } from 'vitest'
import { createAccessTokens, isFileSignature, type SignedUse, signFileUse } from '../src/index.ts'

const [OWN, OTHER] = [`sbx-${'a'.repeat(24)}`, `sbx-${'b'.repeat(24)}`]

describe("A sandbox's access token", () => {
  test('is the same in every process, and opens no other sandbox', async ({ redis, prefix }) => {
    const [one, other] = [createAccessTokens({ redis, prefix }), createAccessTokens({ redis, prefix })]
    const [token, again] = await Promise.all([one.create(OWN), other.create(OWN)])
    expect(token).toMatch(/^sbt_[0-9a-f]{64}$/)
    expect(again).toBe(token)
    expect(await Promise.all([other.isOf(OWN, token), other.isOf(OTHER, token)])).toEqual([true, false])
    for (const wrong of ['', token.slice(0, -1), `${token}0`, token.toUpperCase()])
      expect(await one.isOf(OWN, wrong)).toBe(false)
  })

  test('signs one operation on one path of one sandbox until one time', async ({ redis, prefix }) => {
    const token = await createAccessTokens({ redis, prefix }).create(OWN)
    const use: SignedUse = { sandboxId: OWN, operation: 'read', path: 'a b.csv', expires: '1800000000' }
    const signature = signFileUse(token, use)
    expect(isFileSignature(token, use, signature)).toBe(true)
    const others: SignedUse[] = [
      { ...use, operation: 'write' },
      { ...use, path: 'a b.csv2' },
      { ...use, expires: '1800000001' },
      { ...use, sandboxId: OTHER },
    ]
    for (const other of others) expect(isFileSignature(token, other, signature)).toBe(false)
    expect(isFileSignature(`${token}x`, use, signature)).toBe(false)
  })
})
