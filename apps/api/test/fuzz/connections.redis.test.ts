import { gzipSync } from 'node:zlib'
import { redisTest } from '@runnel/redis/testing'
import { describe, expect } from 'vitest'
import { expectRefusal } from './answers.ts'
import { expectGoodService, type House, openHouse, houseTest as test } from './house.ts'
import { openRawConnection, readAnswers } from './raw-connection.ts'

/** How long it may take to read and refuse a body on a busy machine. */
const SOON_MS = 5_000

const MIB = 1024 * 1024
const JSON_TYPE = 'Content-Type: application/json'
const head = ({ url, caller }: House, headers: readonly string[], target = 'POST /v1/jobs'): string => {
  const common = [`Host: ${new URL(url).host}`, `Authorization: ${caller.headers.authorization}`]
  return `${[`${target} HTTP/1.1`, ...common, ...headers].join('\r\n')}\r\n\r\n`
}
const sized = (body: string | Buffer): string[] => [JSON_TYPE, `Content-Length: ${Buffer.byteLength(body)}`]

const WEBSOCKET = ['Connection: Upgrade', 'Upgrade: websocket']
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
const manyKeys = (count: number, value: string): string =>
  `{${Array.from({ length: count }, (_, n) => `"key${n}":${value}`).join()}}`

const TOO_DEEP = 'Cannot read the body: it is nested deeper than 8 levels'
const TOO_MANY =
  'Cannot read the body: it has more than 2448 values; a program has at most 500 files, 256 args and 128 environment variables'

/** Bodies that could cost far more than their size, and how the message of the refusal starts. */
const COSTLY: Readonly<Record<string, readonly [body: string, refusal: string]>> = {
  '60,000 nested arrays': [nested(60_000), TOO_DEEP],
  '60,000 nested arrays as code': [`{"code":${nested(60_000)}}`, TOO_DEEP],
  '1,000,000 nested arrays': [nested(1_000_000), TOO_DEEP],
  '30,000 nested objects': [`${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}`, TOO_DEEP],
  'an array that never ends': ['['.repeat(MIB), TOO_DEEP],
  '100,000 unknown fields': [manyKeys(100_000, '1'), TOO_MANY],
  '2,000 unknown fields': [manyKeys(2_000, '1'), 'Cannot read the body: it has the unknown fields "key0", "key1", '],
  '100,000 variables': [`{"code":"1","env":${manyKeys(100_000, '"x"')}}`, TOO_MANY],
  '2,000 variables': [
    `{"code":"1","env":${manyKeys(2_000, '"x"')}}`,
    'Cannot pass more than 128 environment variables',
  ],
  '1,000 invalid variables': [
    `{"code":"1","env":${manyKeys(1_000, '{}')}}`,
    'Cannot read env.key0: it must be a string, and 999 more: see details',
  ],
  '100,000 limits': [`{"code":"1","limits":${manyKeys(100_000, '1')}}`, TOO_MANY],
  '2,000 limits': [
    `{"code":"1","limits":${manyKeys(2_000, '1')}}`,
    'Cannot read the body: it has the unknown fields "limits.key0", "limits.key1", ',
  ],
  '100,000 files': [`{"files":[${Array(100_000).fill('{"path":"a","content":"x"}').join()}]}`, TOO_MANY],
  '501 files': [
    `{"files":[${Array(501).fill('{"path":"a","content":"x"}').join()}]}`,
    'Cannot read files: it must have at most 500 items',
  ],
  'one field 200,000 times': [`{${Array(200_000).fill('"code":"x"').join()},"codes":1}`, TOO_MANY],
  'a path of 100,000 folders': [
    `{"files":[{"path":"${'a/'.repeat(100_000)}","content":"x"}]}`,
    'Cannot use the path "a/a/a/',
  ],
  'an entry of a megabyte': [
    `{"files":[{"path":"a","content":"x"}],"entry":"${'x'.repeat(MIB)}"}`,
    'Cannot use the entry "xxx',
  ],
  'a limit of a megabyte': [`{"code":"x","limits":{"wallMs":"${'9'.repeat(MIB)}"}}`, 'Cannot read limits.wallMs: "999'],
  'a number of a megabyte': [
    `{"code":"x","limits":{"wallMs":${'9'.repeat(MIB)}}}`,
    'Cannot read limits.wallMs: null is not a whole number from 10 to 300000',
  ],
  'a variable with a name of a megabyte': [`{"code":"x","env":{"${'='.repeat(MIB)}":"x"}}`, 'Cannot use "==='],
  'a field with a name of a megabyte': [
    `{"code":"x","${'\\ud800'.repeat(MIB / 6)}":"x"}`,
    'Cannot read the body: it has the unknown field "\\ud800\\ud800',
  ],
  'a language of a megabyte': [
    `{"code":"x","language":"${'x'.repeat(MIB)}"}`,
    'Cannot read language: it must have at most 64 characters',
  ],
  'a megabyte of spaces': [' '.repeat(MIB), 'Cannot read the body: it is not valid JSON'],
  'a megabyte of almost base64': [
    `{"files":[{"path":"a","encoding":"base64","content":"${'A'.repeat(MIB)}!"}]}`,
    'Cannot read the content of "a": it is not base64',
  ],
  'a text that is one word again and again': [
    `{"code":"${'a '.repeat(500_000)}"}`,
    'This looks like text rather than code, which is not a program. ',
  ],
  'a text that is almost markup': [`{"code":"${'<'.repeat(500_000)}"}`, 'Cannot tell the language of this program: '],
  'a text of spaces and a word': [`{"code":"${' '.repeat(500_000)}x"}`, 'Cannot tell the language of this program: '],
}

describe('A body that could be expensive', () => {
  test.for(Object.keys(COSTLY))('is refused quickly, with a short answer: %s', async (name, { house }) => {
    const [body, refusal] = COSTLY[name] ?? ['', '']
    using connection = await openRawConnection(house.url)
    connection.socket.write(head(house, [...sized(body), 'Connection: close']) + body)
    const [answer] = readAnswers(await connection.read({ withinMs: SOON_MS }))
    expectRefusal(answer?.status ?? 0, answer?.body ?? '')
    expect(answer?.status).toBe(400)
    expect(JSON.parse(answer?.body ?? '').error.message.slice(0, refusal.length)).toBe(refusal)
    expect(answer?.body.length).toBeLessThan(50_000)
  })
})

/** Bytes that are not valid HTTP, or do not match their own headers. */
const WRONG: Readonly<Record<string, (house: House) => string | Buffer>> = {
  'a body longer than its length': (house) => `${head(house, [JSON_TYPE, 'Content-Length: 2'])}{}{"code":"print(1)"}`,
  'two lengths': (house) => `${head(house, [...sized('{}'), 'Content-Length: 20'])}{}`,
  'an invalid length': (house) => `${head(house, [JSON_TYPE, 'Content-Length: -1'])}{}`,
  'a length over all bounds': (house) => `${head(house, [JSON_TYPE, 'Content-Length: 99999999999999999999'])}{}`,
  'a length and chunks': (house) => `${head(house, [...sized('{}'), 'Transfer-Encoding: chunked'])}0\r\n\r\n`,
  'chunks of a wrong size': (house) => `${head(house, [JSON_TYPE, 'Transfer-Encoding: chunked'])}zz\r\n{}\r\n0\r\n\r\n`,
  'chunks of a negative size': (house) => `${head(house, [JSON_TYPE, 'Transfer-Encoding: chunked'])}-1\r\n{}\r\n`,
  'chunks with endless extensions': (house) =>
    `${head(house, [JSON_TYPE, 'Transfer-Encoding: chunked'])}2;${'x'.repeat(100_000)}\r\n{}\r\n`,
  'an unknown encoding': (house) => `${head(house, [JSON_TYPE, 'Transfer-Encoding: gzip'])}{}`,
  'more in chunks than is accepted': (house) =>
    `${head(house, [JSON_TYPE, 'Transfer-Encoding: chunked'])}a00000\r\n${'x'.repeat(10 * MIB)}\r\n0\r\n\r\n`,
  'a compressed body': (house) => {
    const body = gzipSync('{"code":"print(1)"}')
    return Buffer.concat([
      Buffer.from(head(house, [...sized(body), 'Content-Encoding: gzip', 'Connection: close'])),
      body,
    ])
  },
  'a compression bomb': (house) => {
    const body = gzipSync(Buffer.alloc(64 * MIB))
    return Buffer.concat([
      Buffer.from(head(house, [...sized(body), 'Content-Encoding: gzip', 'Connection: close'])),
      body,
    ])
  },
  'two objects': (house) => `${head(house, [...sized('{"code":"1"}{}'), 'Connection: close'])}{"code":"1"}{}`,
  'a byte order mark': (house) =>
    Buffer.from(`${head(house, [...sized('\ufeff\ufeff{}'), 'Connection: close'])}\ufeff\ufeff{}`),
  'a header without an end': (house) => `${head(house, [`X: ${'x'.repeat(100_000)}`])}`,
  'thousands of headers': (house) => head(house, Array(5_000).fill('A: 1')),
  'a header folded': (house) => head(house, ['A: 1\r\n  Transfer-Encoding: chunked']),
  'a header with a NUL': (house) => head(house, ['A: \0']),
  'a space before the colon': (house) => head(house, ['Content-Length : 5']),
  'an unknown version': () => 'GET / HTTP/9.9\r\n\r\n',
  'an unknown method': (house) => head(house, [], 'HACK /v1/jobs'),
  'no host': () => 'GET /v1/jobs HTTP/1.1\r\nConnection: close\r\n\r\n',
  TLS: () => Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, ...Array(600).fill(7)]),
  'the preface of HTTP/2': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a proxy’s request': (house) => head(house, ['Connection: close'], 'GET http://169.254.169.254/latest/meta-data'),
  'a tunnel': (house) => head(house, [], 'CONNECT 127.0.0.1:6379'),
  'a URL with ..': (house) => head(house, ['Connection: close'], 'GET /docs/../../../../etc/passwd'),
  'a URL with .. in disguise': (house) => head(house, ['Connection: close'], 'GET /docs/js/%2e%2e/%2e%2e%2fmain.ts'),
  'a URL without a path': (house) => head(house, ['Connection: close'], 'OPTIONS *'),
  'a URL of a megabyte': (house) => head(house, [], `GET /${'x'.repeat(MIB)}`),
  'an upgrade without its key': (house) => head(house, WEBSOCKET, 'GET /v1/stream'),
  'an upgrade of an old version': (house) =>
    head(house, [...WEBSOCKET, 'Sec-WebSocket-Version: 1', KEY], 'GET /v1/stream'),
  'an upgrade with an invalid key': (house) =>
    head(house, [...WEBSOCKET, 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: x'], 'GET /v1/stream'),
  'an upgrade of a stream to something else': (house) =>
    head(house, ['Connection: Upgrade', 'Upgrade: h2c'], 'GET /v1/stream'),
}

const NOT_HTTP = '400 Cannot read the request: it is not valid HTTP'
const TOO_SLOW = '400 Cannot read the request: it came too slowly'
const LONG_HEADERS = '400 Cannot read the request: its URL and headers together are too long'
const NOT_FOUND = '404 There is nothing at this URL; see /docs for all URLs'
const COMPRESSED = '415 Cannot read a body with Content-Encoding: gzip; send it uncompressed'
const NO_HANDSHAKE = '400 Cannot open a WebSocket: send the handshake of RFC 6455, version 13, with a valid key'

/** The status and the message of the answer, where the bytes are valid HTTP. */
const ANSWERS: Readonly<Record<string, string>> = {
  'more in chunks than is accepted': '413 Cannot read the body: it is too large; this URL takes 6488064 bytes',
  'chunks with endless extensions': '400 Cannot read the request: its chunk extensions are too long',
  'a header without an end': LONG_HEADERS,
  'thousands of headers': LONG_HEADERS,
  'a URL of a megabyte': LONG_HEADERS,
  'a compressed body': COMPRESSED,
  'a compression bomb': COMPRESSED,
  'two objects': '400 Cannot read the body: it is not valid JSON',
  'a byte order mark': '400 Nothing to run: send `code`, or `files` with an `entry`',
  'no host': '400 Cannot read the request: it has no Host',
  'a proxy’s request': NOT_FOUND,
  'a URL with ..': NOT_FOUND,
  'a URL with .. in disguise': NOT_FOUND,
  'a URL without a path': NOT_FOUND,
  'an upgrade without its key': NO_HANDSHAKE,
  'an upgrade of an old version': NO_HANDSHAKE,
  'an upgrade with an invalid key': NO_HANDSHAKE,
  'an upgrade of a stream to something else': '400 Cannot answer this without an upgrade: connect with a WebSocket',
}

describe('Invalid bytes', () => {
  test.for(Object.keys(WRONG))('are refused, and the connection is closed: %s', async (name, { house }) => {
    using connection = await openRawConnection(house.url)
    connection.socket.write(WRONG[name]?.(house) ?? '')
    const answers = readAnswers(await connection.read({ withinMs: SOON_MS }))
    for (const { status, body } of answers) expectRefusal(status, body)
    const said = answers.map(({ status, body }) => `${status} ${JSON.parse(body).error.message}`)
    // Node closes the connection of a CONNECT without an answer.
    expect(said).toEqual(name === 'a tunnel' ? [] : [ANSWERS[name] ?? NOT_HTTP])
    await expectGoodService(house)
  })
})

/** Headers that may be ignored: the request itself is valid. */
const IGNORED: Readonly<Record<string, readonly string[]>> = {
  'HTTP/2, which some clients ask every server for': [
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AA',
  ],
  'a WebSocket on a route without one': [...WEBSOCKET, 'Sec-WebSocket-Version: 13', KEY],
  'an unknown Expect': ['Expect: a-miracle'],
  'to continue with a body': ['Expect: 100-continue'],
}

describe('A valid request with a header that can be ignored', () => {
  test.for(Object.keys(IGNORED))('is served without it: %s', async (name, { house }) => {
    for (const [target, body] of [
      ['GET /v1/languages', ''],
      ['POST /execute', '{"code":"print(1)"}'],
    ] as const) {
      using connection = await openRawConnection(house.url)
      connection.socket.write(
        head(house, [...(body === '' ? [] : sized(body)), ...(IGNORED[name] ?? [])], target) + body,
      )
      const received = await connection.read({ withinMs: SOON_MS, until: /HTTP\/1\.1 (?!100)\d{3} [\s\S]*\}/ })
      expect([target, received.replace('HTTP/1.1 100 Continue\r\n\r\n', '').slice(0, 15)]).toEqual([
        target,
        'HTTP/1.1 200 OK',
      ])
    }
  })
})

/** Requests that never end: how each starts, and what is sent again and again. */
const ENDLESS: Readonly<Record<string, { start: (house: House) => string; more: string }>> = {
  'headers, a byte at a time': { start: () => 'GET /v1/jobs HTTP/1.1\r\nX: ', more: 'x' },
  'a body, a byte at a time': { start: (house) => head(house, [JSON_TYPE, 'Content-Length: 100000']), more: ' ' },
  'chunks without a last one': {
    start: (house) => head(house, [JSON_TYPE, 'Transfer-Encoding: chunked']),
    more: '1\r\n \r\n',
  },
  'a body shorter than its length': {
    start: (house) => `${head(house, [JSON_TYPE, 'Content-Length: 99'])}{}`,
    more: '',
  },
  nothing: { start: () => '', more: '' },
  'bytes for a job': {
    start: (house) =>
      head(
        house,
        ['Content-Type: application/octet-stream', 'Content-Length: 100000'],
        `POST /v1/jobs/${house.reader}/stdin`,
      ),
    more: 'x',
  },
}

redisTest(
  'A request that never ends is cut in time, while others are served',
  async ({ redisUrl, prefix, resources }) => {
    const house = await openHouse({ redisUrl, prefix, resources })
    const { server } = house.api.app
    // First with the configured times, then as far as the test has time.
    expect([server.headersTimeout, server.requestTimeout, server.timeout]).toEqual([10_000, 30_000, 120_000])
    server.headersTimeout = 300
    server.requestTimeout = 600
    const cut = Object.entries(ENDLESS).map(async ([name, { start, more }]) => {
      using connection = await openRawConnection(house.url)
      const { socket } = connection
      socket.write(start(house))
      const dripping = setInterval(() => socket.write(more), 20)
      const received = await connection.read({ withinMs: 4_000 }).finally(() => clearInterval(dripping))
      const answers = readAnswers(received)
      for (const { status, body } of answers) expectRefusal(status, body)
      return [name, ...answers.map(({ status, body }) => `${status} ${JSON.parse(body).error.message}`)]
    })
    await expectGoodService(house)
    expect(await Promise.all(cut)).toEqual(Object.keys(ENDLESS).map((name) => [name, TOO_SLOW]))
    await expectGoodService(house)
  },
)
