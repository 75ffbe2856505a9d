import { once } from 'node:events'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { type Api, startApi } from './api.ts'
import { holdKey, type KeyHolder } from './key-holder.ts'

const HOST = '127.0.0.1:8080'
const ORIGIN = `http://${HOST}`
const LISTED = 'http://app.example.org'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
/** What a page of this server sends by itself. */
const PAGE = { host: HOST, origin: ORIGIN, 'sec-fetch-site': 'same-origin' }
const SUBMIT = { method: 'POST', url: '/v1/jobs', payload: { code: 'print(1)' } } as const

const signIn = async ({ app }: Api, { headers }: Pick<KeyHolder, 'headers'>, more: Record<string, string> = {}) => {
  const response = await app.inject({
    method: 'POST',
    url: '/v1/sessions',
    headers: { ...PAGE, ...headers, 'user-agent': FIREFOX, ...more },
  })
  expect(response.statusCode).toBe(201)
  const header = String(response.headers['set-cookie'])
  return { facts: response.json(), header, cookie: header.split(';')[0] ?? '' }
}

/** The status of the handshake, and the socket if it is open. */
const connect = async (url: string, headers: Record<string, string>) => {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream`, { headers })
  socket.on('error', () => {})
  const { promise, resolve } = Promise.withResolvers<number>()
  socket.on('open', () => resolve(101))
  socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode ?? 0))
  return { status: await promise, socket }
}

describe('A browser', () => {
  test('signs in with a key once, and may then do what the key may, without it', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const holder = await holdKey(api, { name: 'Ada' })
    const { facts, header, cookie } = await signIn(api, holder)
    expect(facts).toMatchObject({
      tenant: 'acme',
      scopes: ['submit', 'read'],
      key: { id: holder.key.id, name: 'Ada' },
      session: { device: 'Firefox on Linux', isCurrent: true },
    })
    expect(header).toMatch(
      /^runnel-session=[0-9a-f]{16}\.[0-9a-f]{16}\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=2592000$/,
    )
    const headers = { ...PAGE, cookie }
    const submitted = await api.app.inject({ ...SUBMIT, headers })
    expect(submitted.statusCode).toBe(202)
    expect((await api.app.inject({ url: `/v1/jobs/${submitted.json().id}`, headers })).statusCode).toBe(200)
    expect((await api.app.inject({ url: '/v1/admin/keys', headers })).statusCode).toBe(403)
    const caller = await api.app.inject({ url: '/v1/caller', headers })
    expect(caller.json()).toMatchObject({ key: facts.key, session: { id: facts.session.id, isCurrent: true } })
    const byKey = await api.app.inject({ url: '/v1/caller', headers: holder.headers })
    expect(byKey.json()).toMatchObject({ tenant: 'acme', key: facts.key, session: null })
  })

  test('over HTTPS gets a cookie that no other host can set, and that plain HTTP never carries', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources, trustedProxies: ['127.0.0.1'] })
    const holder = await holdKey(api)
    const secure = { ...PAGE, origin: `https://${HOST}`, 'x-forwarded-proto': 'https' }
    const { header, cookie } = await signIn(api, holder, secure)
    expect(header).toMatch(/^__Host-runnel-session=\S+; Secure; Path=\/; HttpOnly; SameSite=Strict; Max-Age=2592000$/)
    expect((await api.app.inject({ ...SUBMIT, headers: { ...secure, cookie } })).statusCode).toBe(202)
    const plain = cookie.replace('__Host-', '')
    expect((await api.app.inject({ ...SUBMIT, headers: { ...secure, cookie: plain } })).statusCode).toBe(401)
    // A proxy that is not named: the origin says that the page came over HTTPS.
    const unnamed = await signIn(api, holder, { origin: `https://${HOST}` })
    expect(unnamed.header).toContain('__Host-runnel-session=')
  })

  test('is listed with its device and its last use, also by the key, and never to another key', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const [holder, other] = [await holdKey(api), await holdKey(api)]
    const first = await signIn(api, holder, { 'user-agent': 'curl/8.5.0' })
    const second = await signIn(api, holder, { 'user-agent': `\u0007${'x'.repeat(5_000)}` })
    const listed = await api.app.inject({ url: '/v1/sessions', headers: { ...PAGE, cookie: first.cookie } })
    const { sessions } = listed.json()
    const rows = sessions.map(({ id, device, isCurrent }: typeof first.facts.session) => [id, device, isCurrent])
    expect(rows.toSorted()).toEqual(
      [
        [first.facts.session.id, 'curl', true],
        [second.facts.session.id, 'x'.repeat(40), false],
      ].toSorted(),
    )
    expect(listed.body).not.toContain(first.cookie.split('.').at(-1))
    const ofKey = await api.app.inject({ url: '/v1/sessions', headers: holder.headers })
    expect(ofKey.json().sessions.length).toBe(2)
    expect((await api.app.inject({ url: '/v1/sessions', headers: other.headers })).json()).toEqual({ sessions: [] })
    const url = `/v1/sessions/${first.facts.session.id}`
    const foreign = await api.app.inject({ method: 'DELETE', url, headers: other.headers })
    expect([foreign.statusCode, foreign.json().error.code]).toEqual([404, 'not-found'])
  })

  test('that signs in again gets another session, and the old cookie ends: nobody can choose it beforehand', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const [holder, attacker] = [await holdKey(api), await holdKey(api, { tenant: 'evil' })]
    const planted = await signIn(api, attacker)
    const own = await signIn(api, holder, { cookie: planted.cookie })
    expect(own.cookie).not.toBe(planted.cookie)
    const asked = await api.app.inject({ url: '/v1/caller', headers: { ...PAGE, cookie: own.cookie } })
    expect(asked.json().tenant).toBe('acme')
    const left = await api.app.inject({ url: '/v1/caller', headers: { ...PAGE, cookie: planted.cookie } })
    expect(left.statusCode).toBe(401)
    const bySession = { method: 'POST', url: '/v1/sessions', headers: { ...PAGE, cookie: own.cookie } } as const
    expect((await api.app.inject(bySession)).statusCode).toBe(400)
  })
})

describe('A session', () => {
  test('ends everywhere within five seconds when it is signed out, and its sockets with it', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const [one, other] = [
      await startApi({ redisUrl, prefix, resources }),
      await startApi({ redisUrl, prefix, resources }),
    ]
    const holder = await holdKey(one)
    const [gone, stays] = [await signIn(one, holder), await signIn(one, holder)]
    const url = await other.listen()
    const headers = { origin: url, cookie: gone.cookie }
    const { status, socket } = await connect(url, headers)
    const kept = await connect(url, { origin: url, cookie: stays.cookie })
    expect([status, kept.status]).toEqual([101, 101])
    const closed = once(socket, 'close', { signal: AbortSignal.timeout(5_000) })
    const ended = await one.app.inject({
      method: 'DELETE',
      url: `/v1/sessions/${gone.facts.session.id}`,
      headers: { ...PAGE, cookie: gone.cookie },
    })
    expect([ended.statusCode, ended.headers['set-cookie']]).toEqual([
      204,
      'runnel-session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0',
    ])
    const [code, reason] = await closed
    expect([code, String(reason)]).toEqual([4401, 'The session has ended'])
    const refused = await fetch(`${url}/v1/jobs`, { headers })
    expect([refused.status, refused.headers.get('set-cookie')]).toEqual([401, expect.stringContaining('Max-Age=0')])
    const all = await one.app.inject({
      method: 'DELETE',
      url: '/v1/sessions',
      headers: { ...PAGE, cookie: stays.cookie },
    })
    expect(all.statusCode).toBe(204)
    if (kept.socket.readyState === WebSocket.OPEN)
      await once(kept.socket, 'close', { signal: AbortSignal.timeout(5_000) })
    expect((await fetch(`${url}/v1/jobs`, { headers: { cookie: stays.cookie } })).status).toBe(401)
  })

  test('ends with its key: a stolen cookie is of no use after the key was revoked', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const holder = await holdKey(api)
    const { cookie } = await signIn(api, holder)
    const url = await api.listen()
    const { status, socket } = await connect(url, { origin: url, cookie })
    expect(status).toBe(101)
    const closed = once(socket, 'close', { signal: AbortSignal.timeout(5_000) })
    await api.backend.keys.revoke(holder.key.id)
    expect((await closed)[0]).toBe(4401)
    expect((await api.app.inject({ ...SUBMIT, headers: { ...PAGE, cookie } })).statusCode).toBe(401)
  })

  test('ends by its age, also under an open socket', async ({ redisUrl, prefix, resources }) => {
    const session = { idleMs: 60_000, lifetimeMs: 1_500 }
    const api = await startApi({ redisUrl, prefix, resources, session })
    const { cookie } = await signIn(api, await holdKey(api))
    const url = await api.listen()
    const { socket } = await connect(url, { origin: url, cookie })
    const [code] = await once(socket, 'close', { signal: AbortSignal.timeout(7_000) })
    expect(code).toBe(4401)
    expect((await api.app.inject({ url: '/v1/caller', headers: { ...PAGE, cookie } })).statusCode).toBe(401)
  })

  test('is of no use to another page, by whatever request', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources, origins: [LISTED] })
    const { cookie } = await signIn(api, await holdKey(api))
    const url = await api.listen()
    const others: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: LISTED },
      { origin: 'http://127.0.0.1:9999' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: ORIGIN, 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of others) {
      for (const request of [SUBMIT, { url: '/v1/jobs' }, { method: 'DELETE', url: '/v1/sessions' }] as const) {
        const response = await api.app.inject({ ...request, headers: { host: HOST, cookie, ...headers } })
        expect([headers, request.url, response.statusCode]).toEqual([headers, request.url, 403])
      }
      expect((await connect(url, { cookie, ...headers })).status).toBe(403)
    }
    // A request that changes something, and a socket, must say which page they are from.
    expect((await api.app.inject({ ...SUBMIT, headers: { host: HOST, cookie } })).statusCode).toBe(403)
    expect(
      (await api.app.inject({ ...SUBMIT, headers: { host: HOST, cookie, 'sec-fetch-site': 'none' } })).statusCode,
    ).toBe(403)
    expect((await connect(url, { cookie })).status).toBe(403)
    for (const headers of [{}, { 'sec-fetch-site': 'none' }, { 'sec-fetch-site': 'same-origin' }]) {
      expect((await api.app.inject({ url: '/v1/jobs', headers: { host: HOST, cookie, ...headers } })).statusCode).toBe(
        200,
      )
    }
  })

  test('gives way to a key in the same request, and is not read from a cookie that is double, broken or huge', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const [holder, other] = [await holdKey(api), await holdKey(api, { tenant: 'other' })]
    const { cookie } = await signIn(api, holder)
    const ask = (headers: Record<string, string>) =>
      api.app.inject({ url: '/v1/caller', headers: { ...PAGE, ...headers } })
    const both = await ask({ cookie, ...other.headers })
    expect([both.json().tenant, both.json().session]).toEqual(['other', null])
    expect((await ask({ cookie, authorization: 'Bearer rnl_wrong' })).statusCode).toBe(401)
    expect((await ask({ cookie: `theme=dark; ${cookie}; a=b` })).statusCode).toBe(200)
    const [name = '', value = ''] = cookie.split('=')
    const broken = [
      `${cookie}; ${cookie}`,
      `${name}=${'x'.repeat(8_000)}; ${cookie}`,
      `${name}=`,
      name,
      `${name}="${value}"`,
      `${name}=${value}x`,
      `${name}=${value.slice(0, -1)}${value.endsWith('A') ? 'B' : 'A'}`,
      `${name}=${value.replace(/^./, (first) => (first === '0' ? '1' : '0'))}`,
      `${name}=../../etc/passwd`,
      `${name}=${'x'.repeat(8_000)}`,
      `${name.toUpperCase()}=${value}`,
    ]
    for (const one of broken) expect([one, (await ask({ cookie: one })).statusCode]).toEqual([one, 401])
    expect((await ask({ cookie })).statusCode).toBe(200)
  })
})

describe('While there are no keys', () => {
  test('this machine may do everything, and a cookie of an earlier installation does not stand in its way', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const { app } = await startApi({ redisUrl, prefix, resources })
    const stale = `runnel-session=${'0'.repeat(16)}.${'0'.repeat(16)}.${'x'.repeat(43)}`
    for (const cookie of ['', stale, 'runnel-session=x']) {
      const response = await app.inject({ url: '/v1/caller', headers: { ...PAGE, cookie } })
      expect(response.json()).toEqual({
        tenant: 'default',
        scopes: ['submit', 'read', 'sandboxes', 'admin'],
        key: null,
        session: null,
      })
      expect((await app.inject({ ...SUBMIT, headers: { ...PAGE, cookie } })).statusCode).toBe(202)
    }
    const signIn = await app.inject({ method: 'POST', url: '/v1/sessions', headers: PAGE })
    expect([signIn.statusCode, signIn.json().error.message]).toEqual([
      400,
      'Cannot sign in: there are no keys yet, and this machine needs none',
    ])
    expect((await app.inject({ url: '/v1/sessions', headers: PAGE })).json()).toEqual({ sessions: [] })
  })

  test('a page of another site cannot even ask, not by an image and not under a name of its own', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const { app } = await startApi({ redisUrl, prefix, resources })
    for (const headers of [
      { host: HOST, 'sec-fetch-site': 'cross-site' },
      { host: HOST, 'sec-fetch-site': 'same-site' },
      { host: 'evil.example:8080', origin: 'http://evil.example:8080', 'sec-fetch-site': 'same-origin' },
    ]) {
      expect((await app.inject({ url: '/v1/admin/keys', headers })).statusCode).toBe(403)
    }
  })

  test('the first key that a page makes closes the door, and signs that page in', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const other = await startApi({ redisUrl, prefix, resources })
    expect((await other.app.inject({ url: '/v1/jobs', headers: PAGE })).statusCode).toBe(200)
    const made = await api.app.inject({
      method: 'POST',
      url: '/v1/admin/keys',
      headers: PAGE,
      payload: { tenant: 'default', scopes: ['submit', 'read', 'admin'], name: 'first' },
    })
    expect(made.statusCode).toBe(201)
    await eventually(async () =>
      expect((await other.app.inject({ url: '/v1/jobs', headers: PAGE })).statusCode).toBe(401),
    )
    const { cookie } = await signIn(api, { headers: { authorization: `Bearer ${made.json().key}` } })
    const headers = { ...PAGE, cookie }
    const listed = await other.app.inject({ url: '/v1/admin/keys', headers })
    expect(listed.json().keys).toMatchObject([{ id: made.json().id, name: 'first' }])
    await eventually(async () => {
      const { keys } = (await other.app.inject({ url: '/v1/admin/keys', headers })).json()
      expect(Math.abs(Date.parse(keys[0].lastUsedAt) - Date.now())).toBeLessThan(60_000)
    })
  })
})

test('The list of tenants has those with a key and those with limits of their own', async ({
  redisUrl,
  prefix,
  resources,
}) => {
  const api = await startApi({ redisUrl, prefix, resources })
  const { headers } = await holdKey(api, { tenant: 'one', scopes: ['admin'] })
  await api.app.inject({ method: 'PUT', url: '/v1/admin/tenants/two', headers, payload: { running: 3 } })
  const { tenants } = (await api.app.inject({ url: '/v1/admin/tenants', headers })).json()
  expect(
    tenants.map(({ id, limits }: { id: string; limits: { running: number | null } }) => [id, limits.running]),
  ).toEqual([
    ['one', null],
    ['two', 3],
  ])
})
