import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { startApi } from '../api.ts'
import { holdKey } from '../key-holder.ts'
import { connectClient, refusalOf, untilEvent } from './run-client.ts'

const POLLING = 'EIO=4&transport=polling'
const UNKNOWN =
  'Cannot identify the caller: connect with auth: { apiKey } or { ticket }, with Authorization: Bearer rnl_…, or with the cookie of a session'

const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': randomBytes(16).toString('base64'),
}

/** The plain answer to an upgrade. */
const refuseUpgrade = async (url: string, path: string, headers: Readonly<Record<string, string>> = {}) => {
  const asked = get(`${url}${path}`, { headers: { ...HANDSHAKE, ...headers }, agent: false })
  asked.on('error', () => {})
  const response = await new Promise<IncomingMessage>((resolve) => asked.once('response', resolve))
  const answer = { status: response.statusCode, body: await json(response) }
  asked.destroy()
  return answer
}

describe('A handshake of socket.io', () => {
  test('takes a key as auth or header, and a ticket once', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const url = await api.listen()
    const { text, headers } = await holdKey(api)
    await connectClient(url, resources, { auth: { apiKey: text } })
    await connectClient(url, resources, { extraHeaders: headers })
    const made = await api.app.inject({
      method: 'POST',
      url: '/v1/tickets',
      headers,
      payload: { submissions: true },
    })
    const { ticket } = made.json()
    await connectClient(url, resources, { auth: { ticket } })
    expect((await refusalOf(url, resources, { auth: { ticket } })).data).toMatchObject({ code: 'unauthorized' })
  })

  test.for([
    ['nothing', {}],
    ['a wrong key', { auth: { apiKey: `rnl_aaaaaaaaaaaaaaaa_${'a'.repeat(43)}` } }],
    ['a key that is none', { auth: { apiKey: { toString: 1 } } }],
    ['a wrong ticket', { auth: { ticket: 'x' } }],
    ['a key and a ticket', { auth: { apiKey: 'x', ticket: 'x' } }],
    ['a wrong header', { extraHeaders: { authorization: 'Bearer x' } }],
  ] as const)('with %s is refused with one sentence', async ([, options], { redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await holdKey(api)
    const refusal = await refusalOf(await api.listen(), resources, options)
    expect([refusal.message, refusal.data]).toEqual([
      UNKNOWN,
      { code: 'unauthorized', message: UNKNOWN, requestId: expect.stringMatching(/^req_/) },
    ])
  })

  test('with a key that may only read is refused', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { text } = await holdKey(api, { scopes: ['read'] })
    const refusal = await refusalOf(await api.listen(), resources, { auth: { apiKey: text } })
    expect(refusal.message).toBe('This key may not submit: it has the scopes read')
  })

  test('with wrong keys is refused for a while after thirty of them', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await holdKey(api)
    const url = await api.listen()
    for (let n = 0; n < 30; n += 1) await refusalOf(url, resources, { transports: ['websocket'] })
    expect((await refusalOf(url, resources)).data).toMatchObject({ code: 'too-many-requests' })
  })

  test('counts for the streams of its tenant until its socket closes', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources, streamsPerTenant: 1 })
    const url = await api.listen()
    const first = await connectClient(url, resources)
    expect((await refusalOf(url, resources)).data).toMatchObject({ code: 'too-many-subscriptions' })
    first.socket.close()
    await eventually(() => connectClient(url, resources))
  })

  test('has the headers and the checks of every other request', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources, origins: ['https://app.example.org'] })
    const url = await api.listen()
    const ask = async (headers: Readonly<Record<string, string>>, query = POLLING) => {
      const response = await fetch(`${url}/socket.io/?${query}`, { headers })
      return { status: response.status, headers: response.headers, body: await response.text() }
    }
    const own = await ask({})
    expect([own.status, own.body.slice(0, 8), own.headers.get('content-security-policy')]).toEqual([
      200,
      '0{"sid":',
      "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ])
    const allowed = await ask({ origin: 'https://app.example.org' })
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example.org')
    const foreign = { origin: 'https://evil.example.org' }
    expect(await ask(foreign)).toMatchObject({ status: 403, body: expect.stringContaining('RUNNEL_API_ORIGINS') })
    expect(await refuseUpgrade(url, `/socket.io/?EIO=4&transport=websocket`, foreign)).toMatchObject({
      status: 403,
      body: { error: { code: 'forbidden' } },
    })
    expect(await ask({}, `${POLLING}&apiKey=rnl_aaaaaaaaaaaaaaaa_${'a'.repeat(43)}`)).toMatchObject({ status: 401 })
    expect(await ask({}, `${POLLING}&sid=unknown`)).toMatchObject({
      status: 400,
      body: expect.stringContaining('Cannot continue this socket'),
    })
    expect(await ask({}, 'EIO=3&transport=polling')).toMatchObject({
      status: 400,
      body: expect.stringContaining('use socket.io-client 3 or 4'),
    })
  })

  test('from another machine name is refused while there are no keys', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const url = await api.listen()
    const refusal = await refusalOf(url, resources, {
      transports: ['websocket'],
      extraHeaders: { host: 'rebound.example.org' },
    })
    expect(refusal.data).toMatchObject({ code: 'forbidden' })
  })

  test('does not take the upgrades of other paths, nor they its own', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const url = await api.listen()
    expect(await refuseUpgrade(url, '/socket.io')).toMatchObject({ status: 404 })
    expect(await refuseUpgrade(url, '/socket.io/x')).toMatchObject({ status: 404 })
    expect(await refuseUpgrade(url, '/v1/jobs')).toMatchObject({ status: 200, body: { jobs: [] } })
    expect(
      await refuseUpgrade(url, '/socket.io/?EIO=4&transport=websocket', { 'sec-websocket-version': '7' }),
    ).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringMatching(/^Cannot open a WebSocket/) } },
    })
  })
})

describe('A client that is not identified', () => {
  test.for(['websocket', 'polling'] as const)(
    'may send 16 KiB over %s and is cut after that',
    async (transport, { redisUrl, prefix, resources }) => {
      const api = await startApi({ redisUrl, prefix, resources })
      const url = await api.listen()
      const large = `40${JSON.stringify({ x: 'x'.repeat(100_000) })}`
      if (transport === 'websocket') {
        const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
        socket.on('error', () => {})
        await once(socket, 'open')
        socket.send(large)
        await once(socket, 'close')
        return
      }
      const opened = await (await fetch(`${url}/socket.io/?${POLLING}`)).text()
      const { sid } = JSON.parse(opened.slice(1))
      const send = (body: string) =>
        fetch(`${url}/socket.io/?${POLLING}&sid=${sid}`, {
          method: 'POST',
          headers: { 'content-type': 'text/plain' },
          body,
        })
      await expect(send(large)).rejects.toThrow('fetch failed')
      expect((await send('40')).status).toBe(400)
    },
  )

  test('cannot open more than a hundred sessions from one address, and others that are identified go on', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const url = await api.listen()
    const known = await connectClient(url, resources)
    const open = async (): Promise<number> => {
      const response = await fetch(`${url}/socket.io/?${POLLING}`)
      await response.text()
      return response.status
    }
    for (let n = 0; n < 100; n += 1) expect(await open()).toBe(200)
    expect(await open()).toBe(429)
    known.socket.emit('other')
    await eventually(() => expect(known.named('execution_error').length).toBe(1))
  })

  test('may ask once who it is', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const url = await api.listen()
    const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`)
    const frames: string[] = []
    socket.on('message', (data) => frames.push(String(data)))
    await once(socket, 'open')
    socket.send('40')
    socket.send('40')
    await once(socket, 'close')
    expect(frames.map((frame) => frame.replace(/[{].*/, ''))).toEqual(['0', '44', '40'])
    expect(frames[1]).toContain('Cannot identify this client twice')
  })
})

describe('An open socket', () => {
  test('is closed within five seconds when its key is revoked, and does not come back', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const { key, text } = await holdKey(api)
    const client = await connectClient(await api.listen(), resources, { auth: { apiKey: text }, reconnection: true })
    // While it changes from one transport to the other, it may be closed without a word.
    await eventually(() => expect(client.socket.io.engine.transport.name).toBe('websocket'))
    const closed = untilEvent(client.socket, 'disconnect')
    await api.backend.keys.revoke(key.id)
    expect(await closed).toBe('io server disconnect')
    expect(client.named('execution_error')).toMatchObject([
      { code: 'unauthorized', message: 'The key of this socket is no longer valid' },
    ])
  })

  test('loses its connection when the server stops, and connects again by itself', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const url = await api.listen()
    const client = await connectClient(url, resources, { reconnection: true })
    const polling = await connectClient(url, resources, { transports: ['polling'] })
    const closed = untilEvent(client.socket, 'disconnect')
    await api.app.close()
    expect(await closed).toBe('transport close')
    expect(client.socket.active).toBe(true)
    for (const { named } of [client, polling]) {
      await eventually(() => expect(named('execution_error')).toMatchObject([{ code: 'shutting-down' }]))
    }
  })

  test('is closed if it sends what is no text', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const client = await connectClient(await api.listen(), resources)
    const closed = untilEvent(client.socket, 'disconnect')
    client.socket.emit('execute_code', { code: Buffer.from('print(1)') })
    await closed
  })
})
