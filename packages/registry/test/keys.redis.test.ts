import { keyRequestSchema, tenantLimitsSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { describe, expect } from 'vitest'
import { createKeys, createTenants, createTickets, isGood, readKeyText } from '../src/index.ts'
import { toDigest } from '../src/secret.ts'

const request = keyRequestSchema.parse({ tenant: 'acme', scopes: ['read', 'submit', 'read'], name: 'ci' })

const readParts = (text: string) => {
  const parts = readKeyText(text)
  if (parts === undefined) throw new Error(`${text} is not a key`)
  return parts
}

describe('A key', () => {
  test('is returned once, has 256 random bits, and is found by its id', async ({ redis, prefix }) => {
    const keys = createKeys({ redis, prefix })
    expect(await keys.exist()).toBe(false)
    const { key, text } = await keys.create(request)
    const { id, secret } = readParts(text)
    expect(id).toBe(key.id)
    expect(Buffer.from(secret, 'base64url').length).toBe(32)
    expect(key).toMatchObject({ tenant: 'acme', scopes: ['read', 'submit'], name: 'ci', revokedAt: null })
    const found = await keys.find(id)
    expect(found?.key).toEqual(key)
    expect([found?.isSecret(secret), found?.isSecret(`${secret.slice(0, -1)}_`), found?.isSecret('')]).toEqual([
      true,
      false,
      false,
    ])
    expect(await keys.find('0'.repeat(16))).toBeUndefined()
    expect(await keys.exist()).toBe(true)
  })

  test('and its tenant from a newer version work, with their unknown fields', async ({ redis, prefix, redisKeys }) => {
    const keys = createKeys({ redis, prefix })
    const { key, text } = await keys.create(request)
    const stored = JSON.parse((await redis.hget(redisKeys.apiKeys, key.id)) ?? '')
    await redis.hset(redisKeys.apiKeys, key.id, JSON.stringify({ ...stored, color: 'red' }))
    const limits = { ...tenantLimitsSchema.parse({ running: 3 }), gpus: 1 }
    await redis.hset(redisKeys.tenants, 'acme', JSON.stringify({ id: 'acme', limits, plan: 'gold' }))
    const found = await keys.find(readParts(text).id)
    expect(found?.key).toEqual(key)
    expect(found?.tenant.limits.running).toBe(3)
  })

  test('and a ticket are stored only as a digest', async ({ redis, prefix }) => {
    const { key, text } = await createKeys({ redis, prefix }).create(request)
    const ticket = await createTickets({ redis, prefix }).issue(
      { keyId: null, scopes: ['read'], jobIds: [], submissions: true, origin: null },
      10_000,
    )
    const kept: string[] = []
    for (const name of await redis.keys(`${prefix}*`)) {
      const isHash = (await redis.type(name)) === 'hash'
      kept.push(name, JSON.stringify(isHash ? await redis.hgetall(name) : await redis.get(name)))
    }
    const { secret } = readParts(text)
    // The digests and the id are found, so the secrets would be found too.
    for (const found of [key.id, toDigest(secret), toDigest(ticket)]) expect(kept.join('\n')).toContain(found)
    for (const hidden of [text, secret, ticket]) expect(kept.join('\n')).not.toContain(hidden)
  })

  test('stays in the list when it is revoked, and a key is still required', async ({ redis, prefix }) => {
    const keys = createKeys({ redis, prefix })
    const { key } = await keys.create(request)
    const first = await keys.revoke(key.id)
    const revoked = first?.key
    expect(first?.isNew).toBe(true)
    expect(Math.abs(Date.parse(revoked?.revokedAt ?? '') - Date.now())).toBeLessThan(60_000)
    expect(await keys.revoke(key.id)).toEqual({ key: revoked, isNew: false })
    expect(await keys.revoke('unknown')).toBeUndefined()
    expect(await keys.list()).toEqual([revoked])
    const found = await keys.find(key.id)
    expect(found?.key).toEqual(revoked)
    expect([isGood(key), found && isGood(found.key)]).toEqual([true, false])
    expect(await keys.exist()).toBe(true)
  })

  test('is no longer valid when it has expired', async ({ redis, prefix }) => {
    const keys = createKeys({ redis, prefix })
    const expiring = (ms: number) => keys.create({ ...request, expiresAt: new Date(Date.now() + ms).toISOString() })
    expect(isGood((await expiring(60_000)).key)).toBe(true)
    expect(isGood((await expiring(-1)).key)).toBe(false)
  })

  test('is found with the limits that its tenant has now', async ({ redis, prefix }) => {
    const [keys, tenants] = [createKeys({ redis, prefix }), createTenants({ redis, prefix })]
    const { key } = await keys.create(request)
    expect((await keys.find(key.id))?.tenant).toEqual({ id: 'acme', limits: tenantLimitsSchema.parse({}) })
    const tenant = { id: 'acme', limits: tenantLimitsSchema.parse({ running: 3, limits: { wallMs: 1_000 } }) }
    await tenants.set(tenant)
    expect((await keys.find(key.id))?.tenant).toEqual(tenant)
    expect(await tenants.get('acme')).toEqual(tenant)
  })
})

describe('A ticket', () => {
  const grant = {
    keyId: 'k',
    scopes: ['read' as const],
    jobIds: ['j'],
    submissions: false,
    origin: null,
  }

  test('can be used once, also if many try at the same time', async ({ redis, prefix }) => {
    const tickets = createTickets({ redis, prefix })
    const ticket = await tickets.issue(grant, 10_000)
    const tries = await Promise.all(Array.from({ length: 20 }, () => tickets.redeem(ticket)))
    expect(tries.filter((found) => found !== undefined)).toEqual([grant])
    expect(await tickets.redeem('unknown')).toBeUndefined()
  })

  test('expires', async ({ redis, prefix, redisKeys }) => {
    const tickets = createTickets({ redis, prefix })
    const stays = await tickets.issue(grant, 10_000)
    const ticket = await tickets.issue(grant, 1)
    // The one that stays shows that the pattern finds tickets.
    await expect.poll(async () => (await redis.keys(redisKeys.ticket('*'))).length).toBe(1)
    expect(await tickets.redeem(ticket)).toBeUndefined()
    expect(await tickets.redeem(stays)).toEqual(grant)
  })
})
