import { errorBodySchema } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import fc from 'fast-check'
import type { InjectOptions } from 'fastify'
import { describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const raw = (payload: string | Buffer, headers: Record<string, string> = JSON_TYPE): InjectOptions => ({
  payload,
  headers,
})
const body = (payload: object): InjectOptions => ({ payload })
const files = (...paths: string[]): InjectOptions =>
  body({ language: 'python', entry: paths[0], files: paths.map((path) => ({ path, content: 'x' })) })
const limit = (name: string, value: unknown): InjectOptions => body({ code: 'print(1)', limits: { [name]: value } })

type Row = readonly [what: string, request: InjectOptions, status: number, code: string, word: string]

const ROWS: readonly Row[] = [
  ['malformed JSON', raw('{"code": '), 400, 'invalid-request', 'JSON'],
  ['no body', raw(''), 400, 'invalid-request', 'empty'],
  ['no body and no type', {}, 400, 'invalid-request', 'body'],
  [
    'invalid UTF-8',
    raw(Buffer.from([...Buffer.from('{"code":"'), 0xff, 0xfe, ...Buffer.from('"}')])),
    400,
    'invalid-request',
    'UTF-8',
  ],
  ['plain text', raw('print(1)', { 'content-type': 'text/plain' }), 415, 'unsupported-media-type', 'application/json'],
  [
    'a form',
    raw('code=1', { 'content-type': 'application/x-www-form-urlencoded' }),
    415,
    'unsupported-media-type',
    'application/json',
  ],
  ['bytes', raw('{"code":"print(1)"}', { 'content-type': 'application/octet-stream' }), 400, 'invalid-request', 'body'],
  ['a compressed body', raw('{}', { ...JSON_TYPE, 'content-encoding': 'gzip' }), 415, 'unsupported-media-type', 'gzip'],
  ['a list', raw('[]'), 400, 'invalid-request', 'body'],
  ['null', raw('null'), 400, 'invalid-request', 'body'],
  ['a string', raw('"print(1)"'), 400, 'invalid-request', 'body'],
  ['a key that reaches a prototype', raw('{"__proto__":{"code":"print(1)"}}'), 400, 'invalid-request', 'JSON'],
  ['a body over the limit', raw(`{"code":"${'x'.repeat(9 * 1024 * 1024)}"}`), 413, 'payload-too-large', '1048576'],
  [
    'source over the limit',
    body({ language: 'py', code: 'x'.repeat(1024 * 1024 + 1) }),
    413,
    'payload-too-large',
    '1048577',
  ],
  [
    'source over the limit in base64',
    body({
      language: 'py',
      files: [{ path: 'a', content: Buffer.alloc(1024 * 1024 + 1).toString('base64'), encoding: 'base64' }],
    }),
    413,
    'payload-too-large',
    '1048577',
  ],
  [
    'an object with a length that cannot be compared',
    body({ code: 'print(1)', language: { length: { toString: 1 } } }),
    400,
    'invalid-request',
    'text',
  ],
  ['an unknown field', body({ code: 'print(1)', isAdmin: true }), 400, 'invalid-request', 'isAdmin'],
  ['an unknown limit', limit('gpus', 1), 400, 'invalid-request', 'limits.gpus'],
  [
    'an unknown field of a file',
    body({ files: [{ path: 'a.py', content: 'x', mode: 7 }] }),
    400,
    'invalid-request',
    'mode',
  ],
  ['a number for code', body({ code: 1 }), 400, 'invalid-request', 'code'],
  ['null for code', body({ code: null }), 400, 'invalid-request', 'code'],
  ['a list for language', body({ code: 'print(1)', language: ['python'] }), 400, 'invalid-request', 'language'],
  ['a string for interactive', body({ code: 'print(1)', interactive: 'true' }), 400, 'invalid-request', 'interactive'],
  ['a string for args', body({ code: 'print(1)', args: 'a' }), 400, 'invalid-request', 'args'],
  ['a number among args', body({ code: 'print(1)', args: ['a', 1] }), 400, 'invalid-request', 'args[1]'],
  ['a NUL in args', body({ code: 'print(1)', args: ['a\0'] }), 400, 'invalid-request', 'args[0]'],
  ['too many args', body({ code: 'print(1)', args: Array(257).fill('a') }), 400, 'invalid-request', 'args'],
  ['too large args', body({ code: 'print(1)', args: ['a'.repeat(70_000)] }), 400, 'invalid-request', 'args'],
  ['an empty program', body({ code: '' }), 400, 'invalid-request', 'code'],
  ['a program of spaces', body({ code: ' \n\t' }), 400, 'invalid-request', 'code'],
  ['nothing to run', body({ language: 'python' }), 400, 'invalid-request', 'code'],
  [
    'both code and files',
    body({ code: 'print(1)', files: [{ path: 'a.py', content: 'x' }] }),
    400,
    'invalid-request',
    'files',
  ],
  ['code with an entry', body({ code: 'print(1)', entry: 'main.py' }), 400, 'invalid-request', 'entry'],
  ['no files', body({ files: [] }), 400, 'invalid-request', 'files'],
  [
    'too many files',
    body({ files: Array.from({ length: 501 }, (_, n) => ({ path: `${n}.py`, content: 'x' })), entry: '0.py' }),
    400,
    'invalid-request',
    'files',
  ],
  ['a file without a path', body({ files: [{ content: 'x' }] }), 400, 'invalid-request', 'files[0].path'],
  ['an absolute path', files('/etc/passwd'), 400, 'invalid-request', 'absolute'],
  ['a path that leaves the folder', files('../x.py'), 400, 'invalid-request', '..'],
  ['a path that leaves the folder later', files('a/../../x.py'), 400, 'invalid-request', '..'],
  ['an empty path', files(''), 400, 'invalid-request', 'empty'],
  ['a NUL in a path', files('a\0.py'), 400, 'invalid-request', 'NUL'],
  ['a backslash in a path', files('a\\b.py'), 400, 'invalid-request', 'backslash'],
  [
    'a surrogate in a path',
    raw('{"files":[{"path":"\\ud800.py","content":"x"}]}'),
    400,
    'invalid-request',
    'surrogate',
  ],
  ['a path twice', files('a.py', 'a.py'), 400, 'invalid-request', 'twice'],
  ['a path twice in two Unicode forms', files('\u00e9.py', 'e\u0301.py'), 400, 'invalid-request', 'twice'],
  ['a file that is also a folder', files('a.py', 'a.py/b'), 400, 'invalid-request', 'folder'],
  [
    'an entry that does not exist',
    body({ files: [{ path: 'a.py', content: 'x' }], entry: 'b.py' }),
    400,
    'invalid-request',
    'b.py',
  ],
  [
    'an entry that leaves the folder',
    body({ files: [{ path: 'a.py', content: 'x' }], entry: '../a.py' }),
    400,
    'invalid-request',
    'entry',
  ],
  [
    'several files and no entry',
    body({
      language: 'python',
      files: [
        { path: 'a.py', content: 'x' },
        { path: 'b.py', content: 'x' },
      ],
    }),
    400,
    'invalid-request',
    'entry',
  ],
  [
    'several entries',
    body({
      files: [
        { path: 'main.py', content: 'x' },
        { path: 'main.js', content: 'x' },
      ],
    }),
    400,
    'invalid-request',
    'entry',
  ],
  [
    'an empty entry',
    body({
      files: [
        { path: 'main.py', content: '' },
        { path: 'b.py', content: 'x' },
      ],
    }),
    400,
    'invalid-request',
    'main.py',
  ],
  [
    'an unknown encoding',
    body({ files: [{ path: 'a.py', content: 'x', encoding: 'hex' }] }),
    400,
    'invalid-request',
    'encoding',
  ],
  [
    'broken base64',
    body({ files: [{ path: 'a.py', content: 'x', encoding: 'base64' }] }),
    400,
    'invalid-request',
    'base64',
  ],
  ['a surrogate in code', raw('{"code":"print(\\"\\ud800\\")"}'), 400, 'invalid-request', 'code'],
  ['a surrogate in stdin', raw('{"code":"print(1)","stdin":"\\udfff"}'), 400, 'invalid-request', 'stdin'],
  [
    'a surrogate in a file',
    raw('{"files":[{"path":"a.py","content":"\\ud800"}]}'),
    400,
    'invalid-request',
    'surrogate',
  ],
  ['an invalid environment name', body({ code: 'print(1)', env: { 'A=B': 'x' } }), 400, 'invalid-request', 'A=B'],
  [
    'an environment name with a digit first',
    body({ code: 'print(1)', env: { '1A': 'x' } }),
    400,
    'invalid-request',
    '1A',
  ],
  ['an empty environment name', body({ code: 'print(1)', env: { '': 'x' } }), 400, 'invalid-request', 'environment'],
  ['a number in env', body({ code: 'print(1)', env: { A: 1 } }), 400, 'invalid-request', 'env.A'],
  ['a NUL in env', body({ code: 'print(1)', env: { A: '\0' } }), 400, 'invalid-request', 'env.A'],
  ['a limit of zero', limit('wallMs', 0), 400, 'invalid-request', 'limits.wallMs'],
  ['a negative limit', limit('cpuMs', -1), 400, 'invalid-request', 'limits.cpuMs'],
  ['a fractional limit', limit('memoryBytes', 1e8 + 0.5), 400, 'invalid-request', 'limits.memoryBytes'],
  ['a limit over the maximum', limit('outputBytes', 2 ** 40), 400, 'invalid-request', 'limits.outputBytes'],
  ['a limit as text', limit('processes', '5'), 400, 'invalid-request', 'limits.processes'],
  ['null for a limit', limit('diskBytes', null), 400, 'invalid-request', 'limits.diskBytes'],
  [
    'a number that is infinite',
    raw('{"code":"print(1)","limits":{"wallMs":1e999}}'),
    400,
    'invalid-request',
    'limits.wallMs',
  ],
  ['an unknown language', body({ code: 'print(1)', language: 'cobol' }), 400, 'unknown-language', 'javascript'],
  ['an empty language', body({ code: 'print(1)', language: '' }), 400, 'invalid-request', 'language'],
  ['HTML by name', body({ code: '<p>', language: 'html' }), 400, 'unknown-language', 'page to show'],
  ['HTML by its looks', body({ code: '<!DOCTYPE html><html></html>' }), 400, 'unknown-language', 'HTML'],
  [
    'a text in no known language',
    body({ code: 'What is the weather like?' }),
    400,
    'unknown-language',
    'send `language`',
  ],
  [
    'a wait that is not a number',
    { ...body({ code: 'print(1)' }), query: { wait: 'long' } },
    400,
    'invalid-request',
    'wait',
  ],
  [
    'a wait over the maximum',
    { ...body({ code: 'print(1)' }), query: { wait: '60001' } },
    400,
    'invalid-request',
    'wait',
  ],
  [
    'an unknown query parameter',
    { ...body({ code: 'print(1)' }), query: { waits: '1' } },
    400,
    'invalid-request',
    'waits',
  ],
]

const expectError = (response: Awaited<ReturnType<Api['app']['inject']>>, status: number, code: string): string => {
  expect([response.statusCode, response.json().error?.code]).toEqual([status, code])
  const { error } = errorBodySchema.parse(response.json())
  expect(response.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(response.body).not.toMatch(/node_modules|\.ts:|at \w+ \(|ZodError|FST_ERR/)
  return [error.message, ...(error.details ?? []).map(({ path, message }) => `${path} ${message}`)].join('\n')
}

describe('POST /v1/jobs refuses', () => {
  test.for(ROWS)('%s', async ([, request, status, code, word], { redis, redisUrl, prefix, resources }) => {
    const { app } = await startApi({ redisUrl, prefix, resources })
    const response = await app.inject({ method: 'POST', url: '/v1/jobs', ...request })
    expect(expectError(response, status, code)).toContain(word)
    expect(await redis.keys(`${prefix}*`)).toEqual([])
  })
})

describe('POST /execute refuses', () => {
  test.for<Row>([
    ['malformed JSON', raw('{'), 400, 'invalid-request', 'JSON'],
    ['no code', body({ language: 'python' }), 400, 'invalid-request', 'code'],
    ['an empty program', body({ code: ' ' }), 400, 'invalid-request', 'code'],
    ['files', body({ code: 'print(1)', files: [] }), 400, 'invalid-request', 'files'],
    ['an unknown language', body({ code: 'print(1)', language: 'cobol' }), 400, 'unknown-language', 'python'],
    ['HTML', body({ code: '<!doctype html>' }), 400, 'unknown-language', 'HTML'],
    ['plain text', raw('x', { 'content-type': 'text/plain' }), 415, 'unsupported-media-type', 'json'],
  ])('%s', async ([, request, status, code, word], { redis, redisUrl, prefix, resources }) => {
    const { app } = await startApi({ redisUrl, prefix, resources })
    for (const url of ['/execute', '/api/execute']) {
      const response = await app.inject({ method: 'POST', url, ...request })
      expect(expectError(response, status, code)).toContain(word)
    }
    expect(await redis.keys(`${prefix}*`)).toEqual([])
  })
})

test('An unknown URL is 404, and a method that a URL does not have is 405 with Allow', async ({
  redisUrl,
  prefix,
  resources,
}) => {
  const { app } = await startApi({ redisUrl, prefix, resources })
  for (const url of ['/', '/v2/jobs', '/v1/jobs/a/b', '/V1/jobs', '/metrics', '/v1/jobs//events/x']) {
    expectError(await app.inject(url), 404, 'not-found')
  }
  const id = `job_${'0'.repeat(32)}`
  for (const [method, url, allow] of [
    ['PUT', '/v1/jobs', 'POST, GET, HEAD'],
    ['PATCH', `/v1/jobs/${id}`, 'GET, HEAD, DELETE'],
    ['POST', `/v1/jobs/${id}/events`, 'GET'],
    ['HEAD', `/v1/jobs/${id}/events`, 'GET'],
    ['GET', '/execute', 'POST'],
    ['DELETE', '/health/live', 'GET, HEAD'],
  ] as const) {
    const response = await app.inject({ method, url })
    expect([url, response.statusCode]).toEqual([url, 405])
    expect(response.headers['allow']?.toString().split(', ').toSorted()).toEqual(allow.split(', ').toSorted())
  }
  expectError(await app.inject('/v1/jobs/%zz'), 400, 'invalid-request')
})

test('Any input as a job gets an answer, never status 500', async ({ redisUrl, prefix, resources }) => {
  const { app } = await startApi({ redisUrl, prefix, resources })
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('print(1)', 'main.py', 'python', '../x', '\0', '\ud800'),
  )
  const anything = fc.oneof(text, fc.jsonValue())
  const field = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 4, arbitrary }, { weight: 1, arbitrary: anything })
  const file = fc.record(
    { path: field(text), content: field(text), encoding: field(fc.constantFrom('utf8', 'base64')) },
    { requiredKeys: [] },
  )
  const submission = fc.record(
    {
      code: field(text),
      language: field(fc.constantFrom('python', 'ts', 'cobol')),
      files: field(fc.array(field(file), { maxLength: 3 })),
      entry: field(text),
      args: field(fc.array(text, { maxLength: 3 })),
      env: field(fc.dictionary(text, text, { maxKeys: 3 })),
      stdin: field(text),
      interactive: field(fc.boolean()),
      limits: field(fc.dictionary(fc.constantFrom('wallMs', 'cpuMs', 'x'), field(fc.integer()))),
    },
    { requiredKeys: [] },
  )
  const payload = fc.oneof(
    submission.map((value) => JSON.stringify(value)),
    anything.map((value) => JSON.stringify(value)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  )
  await fc.assert(
    fc.asyncProperty(payload, async (sent) => {
      const response = await app.inject({ method: 'POST', url: '/v1/jobs', headers: JSON_TYPE, payload: sent })
      if (response.statusCode === 202) return
      expect(response.statusCode).toBeGreaterThanOrEqual(400)
      expect(response.statusCode).toBeLessThan(500)
      errorBodySchema.parse(response.json())
    }),
    { numRuns: 400 },
  )
})

test('A refusal is short, even if it quotes a long input', async ({ redisUrl, prefix, resources }) => {
  const { app } = await startApi({ redisUrl, prefix, resources })
  const unknown = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`field ${n}`, n]))
  const entry = { files: [{ path: 'a.py', content: 'x' }], entry: 'x'.repeat(1024 * 1024) }
  for (const payload of [{ code: 'print(1)', ...unknown }, entry, { code: 'print(1)', ['😀'.repeat(100_000)]: 1 }]) {
    const response = await app.inject({ method: 'POST', url: '/v1/jobs', payload })
    expectError(response, 400, 'invalid-request')
    expect(response.body.length).toBeLessThan(5_000)
  }
})
