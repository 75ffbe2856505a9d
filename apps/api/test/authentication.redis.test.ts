import { once } from 'node:events'
import { connect } from 'node:net'
import { createLogger } from '@runnel/process'
import { redisTest as test, watchCommands } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { type Api, startApi } from './api.ts'
import { openStream } from './clients.ts'
import { holdKey, type KeyHolder, submitAs } from './key-holder.ts'

const REVOKED = 4401

/** The only routes that answer without a key, with the status. Written here by hand: a new one has to be added on purpose. */
const PUBLIC_URLS: Readonly<Record<string, number>> = {
  '/health/live': 200,
  '/health/ready': 200,
  '/docs': 301,
  '/docs/': 200,
  '/docs/js/scalar.js': 200,
  '/docs/openapi.json': 200,
  '/docs/openapi.yaml': 200,
  // The page, which is for browsers and not built here.
  '/': 404,
  '/r/:job': 404,
  '/sandboxes': 404,
  '/files': 404,
  '/s/:sandbox': 404,
  '/history': 404,
  '/history/compare': 404,
  '/ops': 404,
  '/ops/keys': 404,
  '/account': 404,
  '/sign-in': 404,
  '/assets/*': 404,
  // Its clients say who they are in their first packet.
  '/socket.io/': 400,
}

/** Every route of the app, as a request: a route has one method for us, though Fastify allows a list. */
const requestsTo = ({ routes }: Api) =>
  routes.flatMap(({ method, url, config }) =>
    [method].flat().map((one) => ({ method: one, url: url.replace(':id', 'x'), scope: config?.scope })),
  )

describe('If a key was made', () => {
  test('every route needs a key, except health and the reference', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await holdKey(api)
    const requests = requestsTo(api)
    expect(requests.length).toBeGreaterThan(20)
    for (const [index, { method, url }] of requests.entries()) {
      // Each from its own address: an address that asks too often without a key gets 429.
      const response = await api.app.inject({ method, url, remoteAddress: `192.0.2.${index}` })
      const status = PUBLIC_URLS[url]
      if (status !== undefined) expect([method, url, response.statusCode]).toEqual([method, url, status])
      else {
        expect([method, url, response.statusCode]).toEqual([method, url, 401])
        expect(response.headers['www-authenticate']).toBe('Bearer')
      }
    }
  })

  test('a missing, malformed, wrong, revoked or expired key gets the same answer', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const good = await holdKey(api)
    const revoked = await holdKey(api)
    await api.backend.keys.revoke(revoked.key.id)
    const expired = await holdKey(api, { expiresAt: new Date(Date.now() - 1).toISOString() })
    const { text } = good
    const wrong = [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      text,
      `Basic ${Buffer.from(text).toString('base64')}`,
      `Bearer ${text}x`,
      `Bearer ${text} ${text}`,
      `Bearer ${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`,
      `Bearer rnl_${'0'.repeat(16)}${text.slice(20)}`,
      `Bearer ${'x'.repeat(10_240)}`,
      'Bearer rnl_\u{e9}\u{e9}',
      revoked.headers.authorization,
      expired.headers.authorization,
    ]
    const bodies = new Set<string>()
    for (const authorization of wrong) {
      const headers = authorization === undefined ? {} : { authorization }
      const response = await api.app.inject({ url: '/v1/jobs', headers })
      expect([authorization, response.statusCode]).toEqual([authorization, 401])
      const { requestId, ...error } = response.json().error
      expect(requestId).toMatch(/^req_/)
      bodies.add(JSON.stringify(error))
    }
    expect([...bodies].map((body) => JSON.parse(body))).toEqual([
      { code: 'unauthorized', message: 'Cannot identify the caller: send a valid key, as Authorization: Bearer rnl_…' },
    ])
    expect((await api.app.inject({ url: '/v1/jobs', headers: good.headers })).statusCode).toBe(200)
  })

  test('a request with two Authorization headers is refused', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { text } = await holdKey(api)
    const { port } = new URL(await api.listen())
    const socket = connect(Number(port), '127.0.0.1')
    const header = `Authorization: Bearer ${text}\r\n`
    socket.write(`GET /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${header}${header}\r\n`)
    let answer = ''
    for await (const piece of socket) answer += piece
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
  })

  test('a key may do what its scopes allow, and nothing else', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submitAs(api, await holdKey(api))
    const calls = [
      ['submit', 'POST', '/v1/jobs', { code: 'print(1)' }, 202],
      ['read', 'GET', '/v1/jobs', undefined, 200],
      ['read', 'GET', `/v1/jobs/${id}`, undefined, 200],
      ['submit', 'POST', `/v1/jobs/${id}/stdin`, { end: true }, 409],
      ['submit', 'POST', `/v1/jobs/${id}/signal`, { signal: 'SIGINT' }, 204],
      ['submit', 'POST', `/v1/jobs/${id}/resize`, { cols: 1, rows: 1 }, 409],
      ['submit', 'DELETE', `/v1/jobs/${id}`, undefined, 200],
      ['read', 'GET', `/v1/jobs/${id}/events`, undefined, 200],
      ['admin', 'GET', '/v1/admin/keys', undefined, 200],
      ['admin', 'PUT', '/v1/admin/tenants/other', {}, 200],
    ] as const
    for (const scope of ['submit', 'read', 'admin'] as const) {
      const { headers } = await holdKey(api, { scopes: [scope] })
      for (const [needed, method, url, payload, status] of calls) {
        const response = await api.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
        expect([scope, method, url, response.statusCode]).toEqual([scope, method, url, needed === scope ? status : 403])
      }
      for (const { method, url, scope: needed } of requestsTo(api)) {
        if (needed === scope || needed === 'any' || needed === 'none') continue
        const response = await api.app.inject({ method, url, headers })
        expect([scope, method, url, response.statusCode]).toEqual([scope, method, url, 403])
      }
    }
  })

  test('a key without the scope read gets no output, not even if it cancels a finished job', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submitAs(api, await holdKey(api))
    for (const [scopes, has] of [
      [['submit', 'read'], true],
      [['submit'], false],
    ] as const) {
      const { headers } = await holdKey(api, { scopes: [...scopes] })
      const job = (await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}`, headers })).json()
      expect([job.status, 'output' in job]).toEqual(['finished', has])
    }
  })

  test('a key in a URL is refused, and no log has it; nor one in a header, nor a ticket', async ({
    redisUrl,
    prefix,
    resources,
    redisKeys,
  }) => {
    let logged = ''
    const log = createLogger({ name: 'api', level: 'trace', destination: { write: (line) => (logged += line) } })
    const api = await startApi({ redisUrl, prefix, resources, log })
    const { text, headers } = await holdKey(api)
    const escaped = [...text].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('')
    for (const query of [`key=${text}`, `ticket=${text}`, text, `access_token=${escaped}`]) {
      for (const path of ['/v1/jobs', '/v1/stream', '/v1/languages']) {
        for (const given of [{}, headers]) {
          const response = await api.app.inject({ url: `${path}?${query}`, headers: given })
          expect([path, response.statusCode]).toEqual([path, 401])
          expect(response.json().error.message).toContain('revoke')
          expect(response.body).not.toContain(text)
        }
      }
    }
    const url = (await api.listen()).replace('http', 'ws')
    const socket = new WebSocket(`${url}/v1/stream?key=${text}`)
    const [, refused] = await once(socket, 'unexpected-response')
    expect(refused.statusCode).toBe(401)

    const issued = await api.app.inject({ method: 'POST', url: '/v1/tickets', headers, payload: { submissions: true } })
    const { ticket } = issued.json()
    const stream = new WebSocket(`${url}/v1/stream?ticket=${ticket}`)
    await once(stream, 'open')
    stream.terminate()
    // Our own fault is logged, with only the id of the request.
    await api.backend.redis.set(redisKeys.history('acme'), 'broken', 'PX', 60_000)
    expect((await api.app.inject({ url: '/v1/jobs', headers })).statusCode).toBe(500)
    await eventually(() => expect(logged).toContain('A request failed'))
    await api.backend.redis.del(redisKeys.history('acme'))
    for (const secret of [text, text.slice(21), ticket]) expect(logged).not.toContain(secret)
  })
})

describe('If no key was ever made', () => {
  test('this machine may call without a key, until it has made the first one', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const { app } = await startApi({ redisUrl, prefix, resources })
    expect((await app.inject({ method: 'POST', url: '/v1/jobs', payload: { code: 'print(1)' } })).statusCode).toBe(202)
    const wrong = { authorization: `Bearer rnl_${'0'.repeat(16)}_${'x'.repeat(43)}` }
    expect((await app.inject({ url: '/v1/jobs', headers: wrong })).statusCode).toBe(401)
    const made = await app.inject({
      method: 'POST',
      url: '/v1/admin/keys',
      payload: { tenant: 'acme', scopes: ['admin'] },
    })
    expect(made.statusCode).toBe(201)
    await eventually(async () => expect((await app.inject('/v1/jobs')).statusCode).toBe(401))
    const right = { authorization: `Bearer ${made.json().key}` }
    expect((await app.inject({ url: '/v1/admin/keys', headers: right })).statusCode).toBe(200)
  })

  test('nobody may call if other machines can reach the server', async ({ redisUrl, prefix, resources }) => {
    const { app } = await startApi({ redisUrl, prefix, resources, isPrivate: false })
    expect((await app.inject('/v1/jobs')).statusCode).toBe(401)
  })

  test('the first key ends access without a key, also for open sockets', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const stream = await openStream(await api.listen())
    const closed = once(stream.socket, 'close')
    await holdKey(api)
    expect((await closed)[0]).toBe(REVOKED)
    expect((await api.app.inject('/v1/jobs')).statusCode).toBe(401)
  })
})

describe('A revoked key', () => {
  test('is refused by every process, and its sockets are closed with 4401, all within 5 s', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const apis = [
      await startApi({ redisUrl, prefix, resources }),
      await startApi({ redisUrl, prefix, resources }),
    ] as const
    const holder = await holdKey(apis[0])
    const other = await holdKey(apis[0])
    const id = await submitAs(apis[0], holder)
    const open = async (url: string, path: string, { headers }: KeyHolder): Promise<WebSocket> => {
      const socket = new WebSocket(url.replace('http', 'ws') + path, { headers })
      await once(socket, 'open')
      return socket
    }
    const sockets: WebSocket[] = []
    const streams: Response[] = []
    for (const api of apis) {
      const url = await api.listen()
      for (const path of ['/v1/stream', `/v1/jobs/${id}/events`]) sockets.push(await open(url, path, holder))
      streams.push(await fetch(`${url}/v1/jobs/${id}/events`, { headers: holder.headers }))
    }
    const stays = await open(apis[1].app.listeningOrigin, '/v1/stream', other)
    const codes = Promise.all(sockets.map(async (socket) => (await once(socket, 'close'))[0]))

    const startedAt = performance.now()
    await apis[0].backend.keys.revoke(holder.key.id)
    expect(await codes).toEqual(sockets.map(() => REVOKED))
    for (const stream of streams) await expect(stream.text()).rejects.toThrow('terminated')
    for (const { app } of apis) {
      await eventually(async () => {
        expect((await app.inject({ url: '/v1/jobs', headers: holder.headers })).statusCode).toBe(401)
      })
      expect((await app.inject({ url: '/v1/jobs', headers: other.headers })).statusCode).toBe(200)
    }
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    expect(stays.readyState).toBe(WebSocket.OPEN)
    stays.terminate()
  })

  test('is refused within 5 s if the message about it was lost', async ({
    redis,
    redisUrl,
    prefix,
    resources,
    redisKeys,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { headers, key } = await holdKey(api)
    const socket = new WebSocket(`${(await api.listen()).replace('http', 'ws')}/v1/stream`, { headers })
    await once(socket, 'open')
    const closed = once(socket, 'close')
    const stored = JSON.parse((await redis.hget(redisKeys.apiKeys, key.id)) ?? '')
    const startedAt = performance.now()
    await redis.hset(redisKeys.apiKeys, key.id, JSON.stringify({ ...stored, revokedAt: new Date().toISOString() }))
    expect((await closed)[0]).toBe(REVOKED)
    await eventually(async () => expect((await api.app.inject({ url: '/v1/jobs', headers })).statusCode).toBe(401))
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })
})

test('A key that keeps calling costs Redis one lookup every two seconds', async ({
  redis,
  redisKeys,
  redisUrl,
  prefix,
  resources,
}) => {
  const api = await startApi({ redisUrl, prefix, resources })
  const { headers, key } = await holdKey(api)
  const lookups: string[] = []
  let isOver = false
  const watching = await watchCommands(redisUrl, (command, ...args) => {
    if (command === 'hget' && args[0] === redisKeys.apiKeys) lookups.push(args[1] ?? '')
    if (command === 'echo' && args[0] === prefix) isOver = true
  })
  resources.use(watching)
  const call = async (): Promise<void> => {
    expect((await api.app.inject({ url: '/v1/languages', headers })).statusCode).toBe(200)
  }
  await Promise.all(Array.from({ length: 100 }, call))
  for (let calls = 0; calls < 10; calls += 1) await call()
  await redis.echo(prefix)
  await eventually(() => isOver)
  expect(lookups).toEqual([key.id])
})
