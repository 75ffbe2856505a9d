import { createServer } from 'node:http'
import { redisTest } from '@runnel/redis/testing'
import { signPreview } from '@runnel/registry'
import { describe, expect } from 'vitest'
import { holdKey } from '../key-holder.ts'
import { type House, type PlayedSandbox, startHouse } from './preview-house.ts'

const test = redisTest
  .extend('house', ({ redisUrl, prefix, resources }) => startHouse({ redisUrl, prefix, resources }))
  .extend('port', ({ house }) => house.listen(createServer((_, response) => response.end('program'))))

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds

const openPreview = async (house: House, { id, key }: PlayedSandbox, port: number, headers: object = {}) => {
  const answer = await house.api.app.inject({
    method: 'POST',
    url: `/v1/sandboxes/${id}/ports/${port}/url`,
    headers: { ...key.headers, host: `127.0.0.1:${house.port}`, ...headers },
  })
  return answer.json()
}

const cookieOf = (headers: { 'set-cookie'?: string[] | undefined }): string => headers['set-cookie']?.[0] ?? ''

describe('A private preview', () => {
  test('opens with a signed URL, that leads to a clean one and leaves a cookie', async ({ house, port }) => {
    const sandbox = await house.hold('acme')
    const host = house.hostOf(sandbox, port)
    const { url, expiresAt } = await openPreview(house, sandbox, port)
    expect(url.startsWith(`http://${host}/?runnel-preview=`)).toBe(true)
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(600_000)
    const { search } = new URL(url)
    const first = await house.ask(`/deep/page${search}&q=1`, { host })
    expect([
      first.status,
      first.headers.location,
      first.headers['referrer-policy'],
      first.headers['cache-control'],
    ]).toEqual([303, '/deep/page?q=1', 'no-referrer', 'no-store'])
    const cookie = cookieOf(first.headers)
    expect(cookie).toMatch(
      /^__Host-runnel-preview=\d+\.[\w-]{43}; Path=\/; Max-Age=86400; Secure; HttpOnly; SameSite=None; Partitioned$/,
    )
    const headers = { cookie: `a=1; ${cookie.split(';')[0]}` }
    expect((await house.ask('/', { host, headers })).body).toBe('program')

    const [other, otherPort] = [await house.hold('rival'), port + 1]
    const elsewhere = [house.hostOf(other, port), house.hostOf(sandbox, otherPort)]
    for (const one of elsewhere) {
      expect((await house.ask('/', { host: one, headers })).status).toBe(401)
      expect((await house.ask(`/${search}`, { host: one })).status).toBe(401)
    }
  })

  test('refuses links that have expired, are good for too long, or were not signed', async ({ house, port }) => {
    const sandbox = await house.hold('acme')
    const host = house.hostOf(sandbox, port)
    const sign = (expires: number, use: 'link' | 'cookie' = 'link') =>
      signPreview(sandbox.accessToken, { use, sandboxId: sandbox.id, port }, expires)
    const ask = async (text: string) => {
      const { status, body } = await house.ask(`/?runnel-preview=${text}`, { host })
      return [status, JSON.parse(body).error.message]
    }
    const expired = [401, 'This preview is private, and this link to it has expired: ask its owner for a new link']
    expect(await ask(sign(inSeconds(-1)))).toEqual(expired)
    expect(await ask(sign(inSeconds(3_600)))).toEqual(expired)
    const refused = [401, 'This preview is private, and this link does not open it: ask its owner for a new link']
    for (const text of ['', 'x', sign(inSeconds(60), 'cookie'), sign(inSeconds(60)).replace('.', '.A')]) {
      expect(await ask(text)).toEqual(refused)
    }
    const page = await house.ask('/', { host, headers: { accept: 'text/html' } })
    expect([page.status, page.headers['content-type']]).toEqual([401, 'text/html; charset=utf-8'])
    expect(page.body).toContain('<h1>This preview is private</h1>')
  })

  test("opens for the owner's key and its access token alone", async ({ house, port }) => {
    const sandbox = await house.hold('acme')
    const host = house.hostOf(sandbox, port)
    const [rival, reader] = [
      await holdKey(house.api, { scopes: ['sandboxes'], tenant: 'rival' }),
      await holdKey(house.api, { scopes: ['read'], tenant: 'acme' }),
    ]
    const token = (await house.hold('acme')).accessToken
    const status = async (headers: Record<string, string>) => (await house.ask('/', { host, headers })).status
    expect(await status({ ...sandbox.key.headers })).toBe(200)
    expect(await status({ authorization: `Bearer ${sandbox.accessToken}` })).toBe(200)
    expect(await status({ 'x-access-token': sandbox.accessToken })).toBe(200)
    const refused = [{}, rival.headers, reader.headers, { 'x-access-token': token }, { authorization: 'Basic eDp5' }]
    for (const headers of refused) expect(await status({ ...headers })).toBe(401)
  })

  test('takes its cookie from its own pages and from visits, and from no other page', async ({ house, port }) => {
    const sandbox = await house.hold('acme')
    const host = house.hostOf(sandbox, port)
    const value = signPreview(sandbox.accessToken, { use: 'cookie', sandboxId: sandbox.id, port }, inSeconds(60))
    const cookie = `__Host-runnel-preview=spoiled; __Host-runnel-preview=${value}`
    const status = async (headers: Record<string, string>, method = 'GET') =>
      (await house.ask('/', { host, method, headers: { cookie, ...headers } })).status
    const other = `http://${port}-sbx-${'0'.repeat(24)}.localhost:${house.port}`
    expect(await status({})).toBe(200)
    expect(await status({ origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }, 'POST')).toBe(200)
    expect(await status({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(200)
    expect(await status({ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' })).toBe(200)
    expect(await status({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toBe(403)
    expect(await status({ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', origin: other }, 'POST')).toBe(
      403,
    )
    expect(await status({ origin: other })).toBe(403)
    expect(await status({ origin: 'null' }, 'POST')).toBe(403)
  })

  test('lets a preflight through, which has no credential, and nothing more', async ({ house, port }) => {
    const host = house.hostOf(await house.hold('acme'), port)
    const headers = { origin: 'http://x.localhost', 'access-control-request-method': 'PUT' }
    const ask = async (more: object) => (await house.ask('/', { host, method: 'OPTIONS', headers, ...more })).status
    expect(await ask({})).toBe(200)
    expect(await ask({ body: 'body', headers: { ...headers, 'content-length': 4 } })).toBe(401)
    expect(await ask({ headers: { origin: 'http://x.localhost' } })).toBe(401)
    expect(await ask({ method: 'GET' })).toBe(401)
  })
})

describe('A public preview', () => {
  test('opens for everybody, and its URL needs no signature', async ({ house, port }) => {
    const sandbox = await house.hold('acme', { public: true })
    const host = house.hostOf(sandbox, port)
    expect(await openPreview(house, sandbox, port)).toEqual({ url: `http://${host}/`, expiresAt: null })
    expect((await house.ask('/', { host })).body).toBe('program')
    const left = await house.ask('/?runnel-preview=1.x&a', { host })
    expect([left.status, left.headers.location, left.headers['set-cookie']]).toEqual([303, '/?a', undefined])
  })
})

describe('The Host of a request', () => {
  test('never leads to the API when it is a preview, however it is written', async ({ house, port }) => {
    const sandbox = await house.hold('acme')
    const headers = sandbox.key.headers
    const { id } = sandbox
    const asPreview = [
      `${port}-${id}.localhost`,
      `${port}-${id.toUpperCase()}.LocalHost.:1`,
      `${port}-${id}.localhost.`,
    ]
    for (const host of asPreview) {
      for (const path of ['/', '/v1/sandboxes', '/health/live', '/docs', '/socket.io/?EIO=4&transport=polling']) {
        expect([host, path, (await house.ask(path, { host, headers })).body]).toEqual([host, path, 'program'])
      }
    }
    for (const host of ['x.localhost', `0${port}-${id}.localhost`, `${id}.localhost`, '..localhost', 'a.b.localhost']) {
      const { status, body } = await house.ask('/v1/sandboxes', { host, headers })
      expect([host, status, JSON.parse(body).error.code]).toEqual([host, 404, 'not-found'])
    }
    const unknown = await house.ask('/', { host: `${port}-sbx-${'0'.repeat(24)}.localhost`, headers })
    expect([unknown.status, JSON.parse(unknown.body).error.code]).toEqual([404, 'sandbox-not-found'])
    for (const host of [`localhost:${house.port}`, `127.0.0.1:${house.port}`]) {
      expect((await house.ask(`/v1/sandboxes/${id}`, { host, headers })).status).toBe(200)
    }
  })
})

describe('On another domain than localhost', () => {
  const ownTest = redisTest.extend('house', ({ redisUrl, prefix, resources }) =>
    startHouse({
      ...{ redisUrl, prefix, resources, previewDomain: 'previews.example.net:8443', trustedProxies: ['127.0.0.1'] },
      frameAncestors: ['https://chat.example.org'],
    }),
  )

  ownTest('a private preview needs HTTPS, and the API another site', async ({ house }) => {
    const sandbox = await house.hold('acme')
    const port = await house.listen(createServer((_, response) => response.end('program')))
    const host = `${port}-${sandbox.id}.previews.example.net`
    const https = { 'x-forwarded-proto': 'https' }
    expect((await openPreview(house, sandbox, port)).error.code).toBe('forbidden')
    const { url } = await openPreview(house, sandbox, port, https)
    expect(url.startsWith(`https://${host}:8443/?runnel-preview=`)).toBe(true)
    const path = `/${new URL(url).search}`
    const plain = await house.ask(path, { host })
    expect([plain.status, JSON.parse(plain.body).error.message]).toEqual([
      403,
      'A private preview needs HTTPS, because browsers send its cookie back over nothing else: put a proxy that ends TLS before the API and name it in RUNNEL_API_TRUSTED_PROXIES, or make the sandbox public',
    ])
    expect((await house.ask(path, { host, headers: https })).status).toBe(303)
    const shown = await house.ask('/', { host, headers: { 'x-access-token': sandbox.accessToken } })
    expect([shown.body, shown.headers['content-security-policy']]).toEqual([
      'program',
      "frame-ancestors 'self' https://chat.example.org",
    ])
    for (const one of ['api.example.net', 'previews.example.net']) {
      const headers = sandbox.key.headers
      expect([one, (await house.ask('/v1/sandboxes', { host: one, headers })).status]).toEqual([
        one,
        one === 'api.example.net' ? 403 : 404,
      ])
    }
  })
})
