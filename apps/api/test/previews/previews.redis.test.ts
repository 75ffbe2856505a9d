import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { PreviewRequest } from '@runnel/contract/public'
import { redisTest } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { startHouse } from './preview-house.ts'

const MIB = 1024 * 1024

const test = redisTest
  .extend('house', ({ redisUrl, prefix, resources }) => startHouse({ redisUrl, prefix, resources }))
  .extend('sandbox', ({ house }) => house.hold('acme'))
  .extend('headers', ({ sandbox }) => ({ 'x-access-token': sandbox.accessToken }))

describe('A preview', () => {
  test('passes a request as it is, and says whom it is from', async ({ house, sandbox, headers }) => {
    const got: unknown[] = []
    const program = createServer(async (request, response) => {
      const parts = await request.toArray()
      const { 'x-forwarded-for': address, 'x-forwarded-proto': protocol, host } = request.headers
      got.push(request.method, request.url, Buffer.concat(parts).toString(), address, protocol, host)
      response.writeHead(207, 'So So', { 'X-One': ['a', 'b'], 'set-cookie': 'a=1; Domain=localhost' })
      response.end('body')
    })
    const port = await house.listen(program)
    const host = house.hostOf(sandbox, port)
    const path = '/a%20b/../c?x=1&x=2;%'
    const answer = await house.ask(path, { method: 'PUT', host, headers, body: 'sent' })
    expect(got).toEqual(['PUT', path, 'sent', '127.0.0.1', 'http', host])
    expect([answer.status, answer.body, answer.headers['set-cookie']]).toEqual([207, 'body', ['a=1']])
    expect(answer.headers['x-one']).toBe('a, b')
    expect(answer.headers['content-security-policy']).toBe(
      `frame-ancestors 'self' http://localhost:${house.port} http://127.0.0.1:${house.port}`,
    )
  })

  test('shows the Host that its sandbox was made with', async ({ house }) => {
    const sandbox = await house.hold('acme', { maskHost: 'localhost:{port}', public: true })
    const port = await house.listen(createServer((request, response) => response.end(request.headers.host)))
    expect((await house.ask('/', { host: house.hostOf(sandbox, port) })).body).toBe(`localhost:${port}`)
  })

  test('is noted with each request that its program got', async ({ house, sandbox, headers }) => {
    const program = createServer(({ url, socket }, response) =>
      url === '/' ? response.end('hello') : socket.destroy(),
    )
    const port = await house.listen(program)
    const host = house.hostOf(sandbox, port)
    await house.ask('/', { host, headers })
    await house.ask('/broken?x=1', { method: 'POST', host, headers })
    await house.ask('/refused', { host })
    const url = `/v1/sandboxes/${sandbox.id}/requests`
    await eventually(async () => {
      const { requests } = (await house.api.app.inject({ url, headers })).json()
      const seen = requests.map((one: PreviewRequest) => [one.port, one.method, one.path, one.status])
      expect(seen).toEqual([
        [port, 'GET', '/', 200],
        [port, 'POST', '/broken?x=1', null],
      ])
    })
  })

  test('answers HEAD, ranges and what has no body', async ({ house, sandbox, headers }) => {
    const text = '0123456789'
    const program = createServer(({ url, headers: { range } }, response) => {
      if (url === '/none') return response.writeHead(204).end()
      if (url === '/same') return response.writeHead(304, { etag: '"1"' }).end()
      const [, first, last] = /^bytes=(\d)-(\d)$/.exec(range ?? '') ?? []
      const part = text.slice(Number(first ?? 0), Number(last ?? 9) + 1)
      const more = range === undefined ? {} : { 'content-range': `bytes ${first}-${last}/10` }
      return response.writeHead(range === undefined ? 200 : 206, { 'content-length': part.length, ...more }).end(part)
    })
    const host = house.hostOf(sandbox, await house.listen(program))
    const ask = async (path: string, more: object = {}) => {
      const { status, body, headers: got } = await house.ask(path, { host, headers, ...more })
      return [status, body, got['content-length'], got['content-range']]
    }
    expect(await ask('/', { method: 'HEAD' })).toEqual([200, '', '10', undefined])
    expect(await ask('/', { headers: { ...headers, range: 'bytes=2-4' } })).toEqual([206, '234', '3', 'bytes 2-4/10'])
    expect(await ask('/none')).toEqual([204, '', undefined, undefined])
    expect(await ask('/same')).toEqual([304, '', undefined, undefined])
  })

  test('keeps connections to its program, and asks again where the program had closed one', async ({
    house,
    sandbox,
    headers,
  }) => {
    const program = createServer((_, response) => response.end('hello'))
    const host = house.hostOf(sandbox, await house.listen(program))
    for (let count = 0; count < 3; count += 1) expect((await house.ask('/', { host, headers })).body).toBe('hello')
    expect(sandbox.count.dialled).toBe(1)
    // The API learns of it when the next request has gone, or before.
    program.closeAllConnections()
    for (let count = 0; count < 3; count += 1) expect((await house.ask('/', { host, headers })).body).toBe('hello')
    expect(sandbox.count.dialled).toBeGreaterThan(1)
    await eventually(() => expect(sandbox.count.open).toBe(0))
  })

  test('streams events as they come, and ends them when the client leaves', async ({ house, sandbox, headers }) => {
    const left = Promise.withResolvers<void>()
    const program = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n')
      response.on('close', () => left.resolve())
    })
    const host = house.hostOf(sandbox, await house.listen(program))
    const request = httpRequest({ host: '127.0.0.1', port: house.port, agent: false, headers: { ...headers, host } })
    request.end()
    const [answer] = await once(request, 'response')
    expect(String((await once(answer, 'data'))[0])).toBe('data: 1\n\n')
    request.destroy()
    await left.promise
    await eventually(() => expect(sandbox.count.open).toBe(0))
  })

  test('streams bodies both ways, no faster than they are taken', async ({ house, sandbox, headers }) => {
    let taken = 0
    const program = createServer(async (request, response) => {
      if (request.method === 'POST') {
        for await (const part of request) taken += part.length
        response.end(String(taken))
        return
      }
      const endless = async function* () {
        for (;;) {
          sent += MIB
          yield Buffer.alloc(MIB, 'x')
        }
      }
      await pipeline(Readable.from(endless()), response).catch(() => {})
    })
    let sent = 0
    const host = house.hostOf(sandbox, await house.listen(program))
    const target = { host: '127.0.0.1', port: house.port, agent: false, headers: { ...headers, host } } as const
    const upload = httpRequest({ ...target, method: 'POST' })
    const parts = Array.from({ length: 64 }, () => Buffer.alloc(MIB, 'y'))
    const [[answer]] = await Promise.all([once(upload, 'response'), pipeline(Readable.from(parts), upload)])
    expect(String((await once(answer, 'data'))[0])).toBe(String(64 * MIB))

    const download = httpRequest(target)
    download.end()
    await once(download, 'response')
    // Nobody reads: the program stands still within what sockets and buffers hold.
    let before = -1
    await eventually(() => {
      const stands = sent === before
      before = sent
      expect(stands).toBe(true)
    })
    expect(sent).toBeLessThan(32 * MIB)
    download.destroy()
  })

  test('lets the program say whether it wants a body', async ({ house, sandbox, headers }) => {
    const program = createServer()
    program.on('checkContinue', (request, response) => {
      if (request.url === '/no') return response.writeHead(417).end()
      response.writeContinue()
      request.pipe(response)
      return undefined
    })
    const host = house.hostOf(sandbox, await house.listen(program))
    const ask = async (path: string) => {
      const request = httpRequest({
        ...{ host: '127.0.0.1', port: house.port, agent: false, method: 'POST', path },
        headers: { ...headers, host, expect: '100-continue', 'content-length': 4 },
      })
      let isWanted = false
      request.on('continue', () => {
        isWanted = true
        request.end('body')
      })
      request.flushHeaders()
      const [answer] = await once(request, 'response')
      const body = Buffer.concat(await answer.toArray()).toString()
      request.destroy()
      return [answer.statusCode, isWanted, body]
    }
    expect(await ask('/yes')).toEqual([200, true, 'body'])
    expect(await ask('/no')).toEqual([417, false, ''])
  })
})

describe('A WebSocket of a preview', () => {
  test('reaches the program, with its subprotocol, and not the API', async ({ house, sandbox, headers, resources }) => {
    const program = createServer()
    const sockets = new WebSocketServer({ server: program, handleProtocols: () => 'vite-hmr' })
    resources.defer(() => sockets.close())
    const paths: (string | undefined)[] = []
    sockets.on('connection', (socket, request) => {
      paths.push(request.url)
      socket.on('message', (data) => socket.send(data))
    })
    const port = await house.listen(program)
    const options = { headers: { ...headers, host: house.hostOf(sandbox, port) } }
    const client = new WebSocket(`ws://127.0.0.1:${house.port}/v1/stream?x`, 'vite-hmr', options)
    await once(client, 'open')
    client.send('hello')
    const [data] = await once(client, 'message')
    expect([client.protocol, String(data), paths]).toEqual(['vite-hmr', 'hello', ['/v1/stream?x']])
    client.close(4001)
    expect((await once(client, 'close'))[0]).toBe(4001)
    await eventually(() => expect(sandbox.count.open).toBe(0))
  })

  test('that floods waits for a client that does not read', async ({ house, sandbox, headers, resources }) => {
    let sent = 0
    const program = createServer()
    const sockets = new WebSocketServer({ server: program })
    resources.defer(() => sockets.close())
    const message = Buffer.alloc(MIB)
    sockets.on('connection', (socket) => {
      const flood = (error?: Error): void => {
        if (error !== undefined) return
        sent += MIB
        socket.send(message, flood)
      }
      flood()
    })
    const host = house.hostOf(sandbox, await house.listen(program))
    const client = connect(house.port, '127.0.0.1')
    const lines = ['GET / HTTP/1.1', `Host: ${host}`, `X-Access-Token: ${headers['x-access-token']}`]
    lines.push('Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13')
    client.write([...lines, 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', '', ''].join('\r\n'))
    await once(client, 'readable')
    let before = -1
    await eventually(() => {
      const stands = sent === before
      before = sent
      expect(stands).toBe(true)
    })
    expect(sent).toBeLessThan(32 * MIB)
    client.destroy()
    await eventually(() => expect(sandbox.count.open).toBe(0))
  })

  test('that a program does not take gets its answer', async ({ house, sandbox, headers }) => {
    const program = createServer((_, response) => response.writeHead(426).end('no'))
    const options = { headers: { ...headers, host: house.hostOf(sandbox, await house.listen(program)) } }
    const client = new WebSocket(`ws://127.0.0.1:${house.port}/`, options)
    const [, answer] = await once(client, 'unexpected-response')
    expect([answer.statusCode, Buffer.concat(await answer.toArray()).toString()]).toEqual([426, 'no'])
  })
})
