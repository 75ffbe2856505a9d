import { queueSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { startApi } from './api.ts'
import { holdKey, submitAs } from './key-holder.ts'

describe('The queue', () => {
  test('shows an admin what waits and runs, with the bounds of each tenant', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { headers } = await holdKey(api, { tenant: 'operators', scopes: ['admin'] })
    const look = async (query = '') =>
      queueSchema.parse((await api.app.inject({ url: `/v1/queue${query}`, headers })).json())
    expect(await look()).toMatchObject({ waiting: 0, running: 0, oldestAt: null, tenants: [], tenantsLeftOut: 0 })

    const put = { method: 'PUT', url: '/v1/admin/tenants/small', headers } as const
    await api.app.inject({ ...put, payload: { queued: 7, running: 2 } })
    const small = await holdKey(api, { tenant: 'small' })
    const large = await holdKey(api, { tenant: 'large' })
    for (const holder of [small, large, large]) await submitAs(api, holder)
    const queue = await look()
    expect(queue).toMatchObject({ waiting: 3, running: 0, waitingBound: 50_000, tenantsLeftOut: 0 })
    const oldestAt = expect.any(String)
    expect(queue.tenants).toEqual([
      { tenant: 'large', waiting: 2, oldestAt, running: 0, waitingBound: 10_000, runningBound: 1_000 },
      { tenant: 'small', waiting: 1, oldestAt, running: 0, waitingBound: 7, runningBound: 2 },
    ])
    expect(queue.oldestAt).toBe(queue.tenants[1]?.oldestAt)
    expect(await look('?limit=1')).toMatchObject({ waiting: 3, tenants: [{ tenant: 'large' }], tenantsLeftOut: 1 })
    expect(await look('?limit=0')).toMatchObject({ waiting: 3, tenants: [], tenantsLeftOut: 2 })

    await api.work(async ({ job, attempt }, publisher) => {
      const log = publisher.open(job.id, attempt)
      await log.start()
      await log.finish({ type: 'exited', exitCode: 0 }, null)
    })
    await eventually(async () => expect(await look()).toMatchObject({ waiting: 0, running: 0, tenants: [] }))
  })

  test('refuses a limit that it cannot read, and keys without the scope admin', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { headers } = await holdKey(api, { scopes: ['admin'] })
    for (const query of ['limit=-1', 'limit=1001', 'limit=NaN', 'limit=1e3', 'limit=', 'limit=1&limit=2', 'limti=1']) {
      const refused = await api.app.inject({ url: `/v1/queue?${query}`, headers })
      expect([query, refused.statusCode, refused.json().error.code]).toEqual([query, 400, 'invalid-request'])
    }
    const reader = await holdKey(api, { scopes: ['read'] })
    expect((await api.app.inject({ url: '/v1/queue', headers: reader.headers })).statusCode).toBe(403)
  })
})
