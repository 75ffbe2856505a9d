import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { redisTest } from '@runnel/redis/testing'
import { describe, expect } from 'vitest'
import { startApi } from '../api.ts'

const DOCUMENT = '<!doctype html><title>Runnel</title>'
const SCRIPT = 'document.title = "Runnel"\n'.repeat(100)
const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const PAGES = [
  '/',
  '/r/job_1',
  '/sandboxes',
  '/files',
  '/s/sbx-1',
  '/history',
  '/history/compare?a=1&b=2',
  '/ops',
  '/ops/keys',
  '/account',
  '/sign-in',
]

/** A built page: a document, a script with its compressed forms, and a small file without. A secret lies beside it. */
const build = (): string => {
  const outside = mkdtempSync(join(tmpdir(), 'runnel-console-'))
  const folder = join(outside, 'dist')
  mkdirSync(join(folder, 'assets'), { recursive: true })
  writeFileSync(join(outside, 'secret.txt'), 'secret')
  writeFileSync(join(folder, 'index.html'), DOCUMENT)
  for (const [name, bytes] of [
    ['index-1a2B.js', SCRIPT],
    ['index-1a2B.js.br', brotliCompressSync(SCRIPT)],
    ['index-1a2B.js.gz', gzipSync(SCRIPT)],
    ['small-1.css', 'a {}'],
  ] as const) {
    writeFileSync(join(folder, 'assets', name), bytes)
  }
  return folder
}

const test = redisTest.extend('app', async ({ redisUrl, prefix, resources }, { onCleanup }) => {
  const consoleFolder = build()
  onCleanup(() => rmSync(join(consoleFolder, '..'), { recursive: true }))
  return (await startApi({ redisUrl, prefix, resources, consoleFolder })).app
})

describe('The page', () => {
  test('is the same document at each of its places, for a browser, and may load only what this server has', async ({
    app,
  }) => {
    for (const url of PAGES) {
      const { statusCode, headers, body } = await app.inject({ url, headers: BROWSER })
      expect([url, statusCode, body]).toEqual([url, 200, DOCUMENT])
      expect(headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        vary: expect.stringContaining('accept'),
      })
      const policy = String(headers['content-security-policy']).split('; ')
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("script-src 'self'")
      expect(policy).toContain("connect-src 'self'")
      expect(policy).toContain("frame-ancestors 'none'")
    }
  })

  test('is no answer for programs, and for URLs that it does not have: these stay JSON', async ({ app }) => {
    const wrong = [
      { url: '/', headers: { accept: '*/*' } },
      { url: '/history', headers: { accept: 'application/json' } },
      { url: '/r/job_1', headers: {} },
      { url: '/nothing', headers: BROWSER },
      { url: '/v1/nothing', headers: BROWSER },
      { url: '/health/nothing', headers: BROWSER },
      { url: '/r/job_1/more', headers: BROWSER },
    ]
    for (const request of wrong) {
      const response = await app.inject(request)
      expect([request.url, response.statusCode, response.json().error.code]).toEqual([request.url, 404, 'not-found'])
      expect(response.headers['cache-control']).toBe('no-store')
    }
    const posted = await app.inject({ method: 'POST', url: '/history', headers: BROWSER, payload: {} })
    expect([posted.statusCode, posted.headers.allow]).toEqual([405, 'GET, HEAD'])
  })

  test('is asked for again after each build, and not sent again while it is the same', async ({ app }) => {
    const { headers } = await app.inject({ url: '/', headers: BROWSER })
    const again = await app.inject({ url: '/', headers: { ...BROWSER, 'if-none-match': String(headers.etag) } })
    expect([again.statusCode, again.body]).toEqual([304, ''])
  })
})

describe('A file of the page', () => {
  test('is kept for a year, and comes as it was compressed at the build', async ({ app }) => {
    const url = '/assets/index-1a2B.js'
    for (const [accepted, encoding, unpack] of [
      ['gzip, deflate, br, zstd', 'br', brotliDecompressSync],
      ['gzip', 'gzip', gunzipSync],
      ['identity', undefined, (bytes: Buffer) => bytes],
    ] as const) {
      const { statusCode, headers, rawPayload } = await app.inject({ url, headers: { 'accept-encoding': accepted } })
      expect([statusCode, headers['content-encoding'], unpack(rawPayload).toString()]).toEqual([200, encoding, SCRIPT])
      expect(headers).toMatchObject({
        'content-type': 'application/javascript; charset=utf-8',
        'cache-control': 'public, max-age=31536000, immutable',
        'cross-origin-resource-policy': 'same-origin',
      })
      expect(headers.vary ?? '').toBe('accept-encoding')
    }
    const small = await app.inject({ url: '/assets/small-1.css', headers: { 'accept-encoding': 'br' } })
    expect([small.statusCode, small.headers['content-encoding'], small.body]).toEqual([200, undefined, 'a {}'])
  })

  test('that is asked for in a way in which it cannot be sent is refused like anything else', async ({ app }) => {
    for (const [header, value, status, message] of [
      ['range', 'bytes=999999-', 416, 'Cannot serve this part of the file: it is shorter than Range asks for'],
      [
        'if-match',
        '"other"',
        400,
        'Cannot serve this file: it is not the one that If-Match or If-Unmodified-Since asks for',
      ],
      [
        'if-unmodified-since',
        'Thu, 01 Jan 1970 00:00:00 GMT',
        400,
        'Cannot serve this file: it is not the one that If-Match or If-Unmodified-Since asks for',
      ],
    ] as const) {
      const response = await app.inject({ url: '/assets/small-1.css', headers: { [header]: value } })
      expect([header, response.statusCode, response.json().error.message]).toEqual([header, status, message])
    }
  })

  test('that is not there is a 404 that nobody keeps, also for a path out of the folder', async ({ app }) => {
    for (const name of [
      'index-old.js',
      '',
      '../index.html',
      '..%2findex.html',
      '../../secret.txt',
      '..%2f..%2fsecret.txt',
      '%2e%2e/%2e%2e/secret.txt',
      '..%5c..%5csecret.txt',
      'index-1a2B.js%00.css',
      'index-1a2B.js/',
      '.br',
    ]) {
      const response = await app.inject({ url: `/assets/${name}`, headers: BROWSER })
      const { code } = response.json().error
      expect([name, response.statusCode, code]).toEqual([name, 404, 'not-found'])
      expect(response.headers['cache-control']).toBe('no-store')
    }
  })
})

redisTest('A page that is not built says how to build it', async ({ redisUrl, prefix, resources }) => {
  const { app } = await startApi({ redisUrl, prefix, resources })
  const answer = await app.inject({ url: '/', headers: BROWSER })
  expect([answer.statusCode, answer.json().error.message]).toEqual([
    404,
    'The page is not built: run `pnpm --filter @runnel/console run build`, then start the API again',
  ])
  expect((await app.inject('/')).json().error.code).toBe('not-found')
  expect((await app.inject({ url: '/assets/index.js' })).statusCode).toBe(404)
})
