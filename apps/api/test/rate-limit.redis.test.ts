import { errorBodySchema, tenantLimitsSchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'
import { openStream } from './clients.ts'
import { holdKey, submitAs } from './key-holder.ts'

const limitSubmits = ({ backend }: Api, submitsPerMinute: number) =>
  backend.tenants.set({ id: 'acme', limits: tenantLimitsSchema.parse({ submitsPerMinute }) })

/** Whole seconds within the minute that is counted. */
const expectSeconds = (header: unknown): void => {
  expect(header).toMatch(/^\d+$/)
  expect(Number(header)).toBeGreaterThan(0)
  expect(Number(header)).toBeLessThanOrEqual(60)
}

describe("A tenant's submissions", () => {
  test('are counted over all its keys and all ways to submit, and are refused with 429 and the time to wait', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await limitSubmits(api, 4)
    const [one, two, other] = [await holdKey(api), await holdKey(api), await holdKey(api, { tenant: 'other' })]
    const stream = await openStream(await api.listen(), two.headers)
    const submit = (headers: object) =>
      api.app.inject({ method: 'POST', url: '/v1/jobs', headers: { ...headers }, payload: { code: 'print(1)' } })
    const first = await submit(one.headers)
    expect(first.statusCode).toBe(202)
    expect(first.headers).toMatchObject({ 'ratelimit-limit': '4', 'ratelimit-remaining': '3' })
    expectSeconds(first.headers['ratelimit-reset'])
    expect((await submit(two.headers)).headers['ratelimit-remaining']).toBe('2')
    const wrong = await api.app.inject({ method: 'POST', url: '/execute', headers: one.headers, payload: {} })
    expect([wrong.statusCode, wrong.headers['ratelimit-remaining']]).toEqual([400, '1'])
    stream.send({ type: 'submit', ref: 'last', job: { code: 'print(1)' } })
    await eventually(() => expect(stream.answerTo('last')).toMatchObject({ type: 'accepted' }))

    stream.send({ type: 'submit', ref: 'more', job: { code: 'print(1)' } })
    await eventually(() => expect(stream.answerTo('more')).toMatchObject({ error: { code: 'too-many-requests' } }))
    for (const url of ['/v1/jobs', '/execute', '/api/execute']) {
      const refused = await api.app.inject({ method: 'POST', url, headers: one.headers, payload: { code: 'print(1)' } })
      expect([refused.statusCode, refused.headers['ratelimit-remaining']]).toEqual([429, '0'])
      expectSeconds(refused.headers['retry-after'])
      const { error } = errorBodySchema.parse(refused.json())
      expect([error.code, error.message]).toEqual([
        'too-many-requests',
        expect.stringContaining('4 submissions a minute'),
      ])
    }
    // Reading still works, and other tenants do not notice.
    expect((await api.app.inject({ url: '/v1/jobs', headers: one.headers })).statusCode).toBe(200)
    expect((await api.app.inject({ url: '/v1/jobs', headers: one.headers })).json().jobs.length).toBe(3)
    await submitAs(api, other)
    stream.socket.terminate()
  })

  test('are never more than allowed, even if many come at once', async ({ redisUrl, prefix, resources }) => {
    const apis = [await startApi({ redisUrl, prefix, resources }), await startApi({ redisUrl, prefix, resources })]
    const [api] = apis
    if (api === undefined) throw new Error('No API')
    await limitSubmits(api, 10)
    const { headers } = await holdKey(api)
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, n) =>
        apis[n % 2]?.app.inject({ method: 'POST', url: '/v1/jobs', headers, payload: { code: 'print(1)' } }),
      ),
    )
    expect(answers.filter((answer) => answer?.statusCode === 202).length).toBe(10)
    expect(answers.filter((answer) => answer?.statusCode === 429).length).toBe(40)
  })

  test('are not counted if the tenant has no bound', async ({ redis, redisUrl, prefix, resources, redisKeys }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const holder = await holdKey(api)
    for (let n = 0; n < 5; n += 1) await submitAs(api, holder)
    expect(await redis.keys(redisKeys.rate('*'))).toEqual([])
  })
})

describe('Requests without a valid key', () => {
  test('are counted by address, and a valid key from the same address is still accepted', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { headers } = await holdKey(api)
    const guess = (remoteAddress: string, more: Record<string, string> = {}) => {
      const wrong = `Bearer rnl_${'0'.repeat(16)}_${Math.random().toString(36).padEnd(43, 'x').slice(-43)}`
      return api.app.inject({ url: '/v1/jobs', remoteAddress, headers: { authorization: wrong, ...more } })
    }
    for (let n = 0; n < 30; n += 1) expect((await guess('192.0.2.1')).statusCode).toBe(401)
    // Other addresses that the request claims are ignored.
    const refused = await guess('192.0.2.1', { 'x-forwarded-for': '198.51.100.7' })
    expect([refused.statusCode, refused.json().error.code]).toEqual([429, 'too-many-requests'])
    expectSeconds(refused.headers['retry-after'])
    expect((await guess('192.0.2.2')).statusCode).toBe(401)
    expect((await api.app.inject({ url: '/v1/jobs', remoteAddress: '192.0.2.1', headers })).statusCode).toBe(200)
  })

  test('are counted by the address that a trusted proxy names, and an IPv6 network is one address', async ({
    redis,
    redisUrl,
    prefix,
    resources,
    redisKeys,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources, trustedProxies: ['10.0.0.0/8'] })
    await holdKey(api)
    for (const from of ['2001:db8::1', '2001:db8::2', '198.51.100.7']) {
      const headers = { 'x-forwarded-for': `203.0.113.5, ${from}` }
      expect((await api.app.inject({ url: '/v1/jobs', remoteAddress: '10.1.2.3', headers })).statusCode).toBe(401)
    }
    const counted = (await redis.keys(redisKeys.rate('*'))).map((key) => key.slice(redisKeys.rate('address:').length))
    expect(counted.toSorted()).toEqual(['198.51.100.7', '2001:db8::'])
  })
})
