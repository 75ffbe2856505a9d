import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { toClientHeaders, toProgramHeaders } from '../../src/previews/forwarded-headers.ts'
import { readPreviewCookies, toOwnCookie, withoutOurs } from '../../src/previews/preview-cookie.ts'
import { readLink } from '../../src/previews/preview-link.ts'

/** What Node's server makes of these lines. */
const parse = async (lines: readonly string[]): Promise<IncomingMessage> => {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>()
  const server = createServer((message, response) => {
    resolve(message)
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const socket = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const message = await promise
  socket.destroy()
  server.close()
  return message
}

const toPairs = (list: readonly string[]): string[] =>
  list.flatMap((value, at) => (at % 2 === 0 ? [`${value}: ${list[at + 1]}`] : []))

describe('The headers of a request', () => {
  const options = { host: 'h:1', programHost: 'localhost:80', facts: { isSecure: true, forwardedFor: '10.0.0.9' } }

  test('reach the program without those of the connection, and with what we know of the client', async () => {
    const message = await parse([
      'POST / HTTP/1.1',
      'Host: h:1',
      'Connection: close, X-Private',
      'X-Private: 1',
      'Keep-Alive: timeout=5',
      'TE: trailers',
      'Proxy-Authorization: Basic x',
      'X-Forwarded-For: 6.6.6.6',
      'x-forwarded-user: root',
      'Forwarded: for=6.6.6.6',
      'X-Two: a',
      'X-Two: b',
      'Content-Length: 3',
    ])
    expect(toPairs(toProgramHeaders(message, options))).toEqual([
      'Host: localhost:80',
      'X-Two: a',
      'X-Two: b',
      'Content-Length: 3',
      'X-Forwarded-For: 10.0.0.9',
      'X-Forwarded-Host: h:1',
      'X-Forwarded-Proto: https',
    ])
  })

  test('have none of our credentials, and all of the program', async () => {
    const key = `rnl_${'0'.repeat(16)}_${'a'.repeat(43)}`
    const token = `sbt_${'0'.repeat(64)}`
    const read = async (...lines: string[]) =>
      toPairs(toProgramHeaders(await parse(['GET / HTTP/1.1', 'Host: h', ...lines]), options)).slice(1, -3)
    expect(await read(`Authorization: Bearer ${key}`, `X-Access-Token: ${token}`)).toEqual([])
    expect(await read(`authorization: Bearer ${token}`)).toEqual([])
    const own = ['Authorization: Basic dTpw', 'X-Access-Token: mine', 'Cookie: a=1; b=2']
    expect(await read(...own)).toEqual(own)
    expect(await read('Cookie: a=1; __Host-runnel-preview=9.x; b=2')).toEqual(['Cookie: a=1; b=2'])
    expect(await read('Cookie: __Host-runnel-preview=9.x')).toEqual([])
  })

  test('frame a body that has no length, and one that is not there', async () => {
    const framing = async (...lines: string[]) =>
      toPairs(toProgramHeaders(await parse(lines), options)).filter((pair) => /^(content|transfer)/i.test(pair))
    expect(await framing('POST / HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')).toEqual([
      'Transfer-Encoding: chunked',
    ])
    expect(await framing('POST / HTTP/1.1', 'Host: h')).toEqual(['Content-Length: 0'])
    expect(await framing('GET / HTTP/1.1', 'Host: h')).toEqual([])
    // A client cannot take the length out by calling it one of the connection's headers.
    expect(await framing('POST / HTTP/1.1', 'Host: h', 'Connection: content-length', 'Content-Length: 2')).toEqual([
      'Content-Length: 2',
    ])
  })
})

describe('The headers of an answer', () => {
  const options = { origin: 'http://p.localhost:8080', port: 5000, framePolicy: "frame-ancestors 'self'" }
  const read = (...list: string[]): string[] => toPairs(toClientHeaders(list, options))
  const policy = "Content-Security-Policy: frame-ancestors 'self'"

  test('keep their order and their doubles, without those of the connection', () => {
    expect(
      read(
        'A',
        '1',
        'Connection',
        'keep-alive, B',
        'B',
        '2',
        'Transfer-Encoding',
        'chunked',
        'A',
        '3',
        'Alt-Svc',
        'h2',
      ),
    ).toEqual(['A: 1', 'A: 3', policy])
  })

  test('lead to the preview where they lead to the address that was dialled', () => {
    const lead = (location: string) => read('Location', location)[0]
    for (const host of [
      'http://localhost:5000',
      'http://127.0.0.1:5000',
      'https://[::1]:5000',
      'http://0.0.0.0:5000',
    ]) {
      expect(lead(`${host}/a?b#c`)).toBe('Location: http://p.localhost:8080/a?b#c')
    }
    for (const other of [
      '/login',
      'http://localhost:8080/v1/jobs',
      'http://localhost:50001/',
      'https://example.org/',
    ]) {
      expect(lead(other)).toBe(`Location: ${other}`)
    }
  })

  test('set cookies for the preview alone, and never ours', () => {
    expect(read('Set-Cookie', 'a=1; Domain=localhost; Path=/; domain=.example.org; HttpOnly')).toEqual([
      'Set-Cookie: a=1; Path=/; HttpOnly',
      policy,
    ])
    expect(read('Set-Cookie', ' __host-RUNNEL-preview=x; Path=/')).toEqual([policy])
  })
})

describe('The cookies of previews', () => {
  test('are read and taken out by their whole name', () => {
    expect(readPreviewCookies('x__Host-runnel-preview=1; __Host-runnel-preview=2; __Host-runnel-preview=3')).toEqual([
      '2',
      '3',
    ])
    expect(withoutOurs('a=__Host-runnel-preview; b')).toBe('a=__Host-runnel-preview; b')
    expect(toOwnCookie('domain=1; path=/')).toBe('domain=1; path=/')
  })
})

describe('A first URL', () => {
  test('leads to the same URL without its signature, on the same host', () => {
    expect(readLink('/a?x=1&runnel-preview=9.s&y=?')).toEqual({ signature: '9.s', clean: '/a?x=1&y=?' })
    expect(readLink('/?runnel-preview=9.s')).toEqual({ signature: '9.s', clean: '/' })
    for (const path of ['//evil.example/', '/\\evil.example/']) {
      expect(readLink(`${path}?runnel-preview=9.s`)?.clean).toBe('/evil.example/')
    }
    expect(readLink('/a?b=runnel-preview=9.s')).toBe(undefined)
  })
})
