import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { expect } from 'vitest'
import { createKeys, createTenantCount } from '../src/index.ts'

test('tenants with a key that may submit are counted, and a change is seen at once', async ({
  redis,
  prefix,
  resources,
}) => {
  const subscriber = resources.adopt(redis.duplicate(), (one) => one.disconnect())
  const keys = createKeys({ redis, prefix })
  const count = resources.use(createTenantCount({ redis, subscriber, prefix }))
  const sees = (tenants: number) => eventually(async () => expect(await count.read()).toBe(tenants))
  const create = (tenant: string, scopes: ('submit' | 'read' | 'admin')[], expiresAt: string | null = null) =>
    keys.create({ tenant, scopes, name: '', expiresAt })

  await sees(1)
  await create('one', ['submit'])
  await create('one', ['submit', 'read'])
  await create('reader', ['read', 'admin'])
  await create('late', ['submit'], '2020-01-01T00:00:00.000Z')
  await sees(1)
  const { key } = await create('two', ['submit'])
  await sees(2)
  await keys.revoke(key.id)
  await sees(1)
})
