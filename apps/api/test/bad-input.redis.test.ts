import { errorBodySchema } from '@runnel/contract/public'
import { createRedisKeys } from '@runnel/redis'
import { openPrefix } from '@runnel/redis/testing'
import fc from 'fast-check'
import type { InjectOptions } from 'fastify'
import { test as base, describe, expect } from 'vitest'
import { type Api, startApi } from './api.ts'

/** All tests of this file share the API: what is refused leaves nothing in it. */
const test = base
  .extend('isPrivate', { scope: 'file' }, true)
  .extend('shared', { scope: 'file' }, async ({ isPrivate }, { onCleanup }) => {
    const resources = new AsyncDisposableStack()
    onCleanup(() => resources.disposeAsync())
    const { redisUrl, prefix } = resources.use(openPrefix())
    const { app, backend } = await startApi({ redisUrl, prefix, resources, isPrivate })
    const { statsBatch, statsMinute, statsHour } = createRedisKeys(prefix)
    const counted = [statsBatch(''), statsMinute(''), statsHour('')]
    /** The keys of the API in Redis, without those that only count refusals. */
    const findKeys = async (): Promise<string[]> => {
      const keys = await backend.redis.keys(`${prefix}*`)
      return keys.filter((key) => !counted.some((start) => key.startsWith(start)))
    }
    return { app, findKeys }
  })

const JSON_TYPE = { 'content-type': 'application/json' }
const raw = (payload: string | Buffer, headers: Record<string, string> = JSON_TYPE): InjectOptions => ({
  payload,
  headers,
})
const body = (payload: object): InjectOptions => ({ payload })
const files = (...paths: string[]): InjectOptions =>
  body({ language: 'python', entry: paths[0], files: paths.map((path) => ({ path, content: 'x' })) })
const limit = (name: string, value: unknown): InjectOptions => body({ code: 'print(1)', limits: { [name]: value } })

/** The message is whole, except that each of `unknown-language` goes on with `ALL_LANGUAGES`. */
type Row = readonly [what: string, request: InjectOptions, status: number, code: string, message: string]

const ROWS: readonly Row[] = [
  ['malformed JSON', raw('{"code": '), 400, 'invalid-request', 'Cannot read the body: it is not valid JSON'],
  ['no body', raw(''), 400, 'invalid-request', 'Cannot read the body: it is empty; send JSON'],
  ['no body and no type', {}, 400, 'invalid-request', 'Cannot read the body: it must be an object'],
  [
    'invalid UTF-8',
    raw(Buffer.from([...Buffer.from('{"code":"'), 0xff, 0xfe, ...Buffer.from('"}')])),
    400,
    'invalid-request',
    'Cannot read the body: it is not valid UTF-8',
  ],
  [
    'plain text',
    raw('print(1)', { 'content-type': 'text/plain' }),
    415,
    'unsupported-media-type',
    'Cannot read the body: send it with Content-Type: application/json',
  ],
  [
    'a form',
    raw('code=1', { 'content-type': 'application/x-www-form-urlencoded' }),
    415,
    'unsupported-media-type',
    'Cannot read the body: send it with Content-Type: application/json',
  ],
  [
    'bytes',
    raw('{"code":"print(1)"}', { 'content-type': 'application/octet-stream' }),
    415,
    'unsupported-media-type',
    'Cannot read the body: send it with Content-Type: application/json',
  ],
  [
    'a compressed body',
    raw('{}', { ...JSON_TYPE, 'content-encoding': 'gzip' }),
    415,
    'unsupported-media-type',
    'Cannot read a body with Content-Encoding: gzip; send it uncompressed',
  ],
  [
    'another charset',
    raw('{"code":"print(1)"}', { 'content-type': 'application/json; charset="ISO-8859-1"' }),
    415,
    'unsupported-media-type',
    'Cannot read a body with the charset "ISO-8859-1": send JSON in UTF-8',
  ],
  ['a list', raw('[]'), 400, 'invalid-request', 'Cannot read the body: it must be an object'],
  ['null', raw('null'), 400, 'invalid-request', 'Cannot read the body: it must be an object'],
  ['a string', raw('"print(1)"'), 400, 'invalid-request', 'Cannot read the body: it must be an object'],
  [
    'a key that reaches a prototype',
    raw('{"__proto__":{"code":"print(1)"}}'),
    400,
    'invalid-request',
    'Cannot read the body: it is not valid JSON',
  ],
  [
    'a body over the limit',
    raw(`{"code":"${'x'.repeat(9 * 1024 * 1024)}"}`),
    413,
    'payload-too-large',
    'Cannot read the body: it is too large; this URL takes 6488064 bytes',
  ],
  [
    'source over the limit',
    body({ language: 'py', code: 'x'.repeat(1024 * 1024 + 1) }),
    413,
    'payload-too-large',
    'Cannot take 1048577 bytes of source: the files of a program may have 1048576 bytes together',
  ],
  [
    'source over the limit in base64',
    body({
      language: 'py',
      files: [{ path: 'a', content: Buffer.alloc(1024 * 1024 + 1).toString('base64'), encoding: 'base64' }],
    }),
    413,
    'payload-too-large',
    'Cannot take 1048577 bytes of source: the files of a program may have 1048576 bytes together',
  ],
  [
    'an object with a length that cannot be compared',
    body({ code: 'print(1)', language: { length: { toString: 1 } } }),
    400,
    'invalid-request',
    'Cannot read the body: a part of it is an object and must be a text or a list',
  ],
  [
    'an unknown field',
    body({ code: 'print(1)', isAdmin: true }),
    400,
    'invalid-request',
    'Cannot read the body: it has the unknown field "isAdmin"',
  ],
  [
    'an unknown limit',
    limit('gpus', 1),
    400,
    'invalid-request',
    'Cannot read the body: it has the unknown field "limits.gpus"',
  ],
  [
    'an unknown field of a file',
    body({ files: [{ path: 'a.py', content: 'x', mode: 7 }] }),
    400,
    'invalid-request',
    'Cannot read the body: it has the unknown field "files[0].mode"',
  ],
  ['a number for code', body({ code: 1 }), 400, 'invalid-request', 'Cannot read code: it must be a string'],
  ['null for code', body({ code: null }), 400, 'invalid-request', 'Cannot read code: it must be a string'],
  [
    'a list for language',
    body({ code: 'print(1)', language: ['python'] }),
    400,
    'invalid-request',
    'Cannot read language: it must be a string',
  ],
  [
    'a string for interactive',
    body({ code: 'print(1)', interactive: 'true' }),
    400,
    'invalid-request',
    'Cannot read interactive: it must be a boolean',
  ],
  [
    'a string for args',
    body({ code: 'print(1)', args: 'a' }),
    400,
    'invalid-request',
    'Cannot read args: it must be an array',
  ],
  [
    'a number among args',
    body({ code: 'print(1)', args: ['a', 1] }),
    400,
    'invalid-request',
    'Cannot read args[1]: it must be a string',
  ],
  [
    'a NUL in args',
    body({ code: 'print(1)', args: ['a\0'] }),
    400,
    'invalid-request',
    'Cannot pass this text to a program: it has a NUL character (args[0])',
  ],
  [
    'too many args',
    body({ code: 'print(1)', args: Array(257).fill('a') }),
    400,
    'invalid-request',
    'Cannot read args: it must have at most 256 items',
  ],
  [
    'too large args',
    body({ code: 'print(1)', args: ['a'.repeat(70_000)] }),
    400,
    'invalid-request',
    'Cannot pass more than 65536 bytes of args and env together',
  ],
  ['an empty program', body({ code: '' }), 400, 'invalid-request', 'Nothing to run: `code` is empty'],
  ['a program of spaces', body({ code: ' \n\t' }), 400, 'invalid-request', 'Nothing to run: `code` is empty'],
  [
    'nothing to run',
    body({ language: 'python' }),
    400,
    'invalid-request',
    'Nothing to run: send `code`, or `files` with an `entry`',
  ],
  [
    'both code and files',
    body({ code: 'print(1)', files: [{ path: 'a.py', content: 'x' }] }),
    400,
    'invalid-request',
    'Cannot run both `code` and `files`: send one of them',
  ],
  [
    'code with an entry',
    body({ code: 'print(1)', entry: 'main.py' }),
    400,
    'invalid-request',
    'Cannot use `entry` with `code`: it goes with `files`',
  ],
  ['no files', body({ files: [] }), 400, 'invalid-request', 'Cannot read files: it must have at least 1 items'],
  [
    'too many files',
    body({ files: Array.from({ length: 501 }, (_, n) => ({ path: `${n}.py`, content: 'x' })), entry: '0.py' }),
    400,
    'invalid-request',
    'Cannot read files: it must have at most 500 items',
  ],
  [
    'a file without a path',
    body({ files: [{ content: 'x' }] }),
    400,
    'invalid-request',
    'Cannot read files[0].path: it is missing',
  ],
  [
    'an absolute path',
    files('/etc/passwd'),
    400,
    'invalid-request',
    'Cannot use the path "/etc/passwd": it is absolute; give it relative to the workspace (files[0].path), and 1 more: see details',
  ],
  [
    'a path that leaves the folder',
    files('../x.py'),
    400,
    'invalid-request',
    'Cannot use the path "../x.py": it has the segment ".." (files[0].path), and 1 more: see details',
  ],
  [
    'a path that leaves the folder later',
    files('a/../../x.py'),
    400,
    'invalid-request',
    'Cannot use the path "a/../../x.py": it has the segment ".." (files[0].path), and 1 more: see details',
  ],
  [
    'an empty path',
    files(''),
    400,
    'invalid-request',
    'Cannot use the path "": it is empty (files[0].path), and 1 more: see details',
  ],
  [
    'a NUL in a path',
    files('a\0.py'),
    400,
    'invalid-request',
    'Cannot use the path "a\\u0000.py": it has a NUL character (files[0].path), and 1 more: see details',
  ],
  [
    'a backslash in a path',
    files('a\\b.py'),
    400,
    'invalid-request',
    'Cannot use the path "a\\\\b.py": it has a backslash or a control character (files[0].path), and 1 more: see details',
  ],
  [
    'a surrogate in a path',
    raw('{"files":[{"path":"\\ud800.py","content":"x"}]}'),
    400,
    'invalid-request',
    'Cannot use the path "\\ud800.py": it has a lone surrogate, which UTF-8 cannot encode (files[0].path)',
  ],
  [
    'a path twice',
    files('a.py', 'a.py'),
    400,
    'invalid-request',
    'Cannot lay out the files: the list names "a.py" twice',
  ],
  [
    'a path twice in two Unicode forms',
    files('\u00e9.py', 'e\u0301.py'),
    400,
    'invalid-request',
    'Cannot lay out the files: the list names "é.py" twice',
  ],
  [
    'a file that is also a folder',
    files('a.py', 'a.py/b'),
    400,
    'invalid-request',
    'Cannot lay out the files: the list has "a.py" both as a file and as a folder',
  ],
  [
    'an entry that does not exist',
    body({ files: [{ path: 'a.py', content: 'x' }], entry: 'b.py' }),
    400,
    'invalid-request',
    'Cannot find the entry "b.py" among the files',
  ],
  [
    'an entry that leaves the folder',
    body({ files: [{ path: 'a.py', content: 'x' }], entry: '../a.py' }),
    400,
    'invalid-request',
    'Cannot use the entry "../a.py": it has the segment ".."',
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
    'Cannot tell which file to run: send `entry`, as there are several files and none of them is main.py',
  ],
  [
    '`public` of what is not served',
    body({ code: 'print(1)', public: true }),
    400,
    'invalid-request',
    'Cannot use `public` here: only what is served has a preview; send `serve: true` with it',
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
    'Cannot tell which file to run: send `entry`, as there are several files and more than one of them is one of main.py, main.js, main.ts, main.sh, index.html',
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
    'Nothing to run: "main.py" is empty',
  ],
  [
    'an unknown encoding',
    body({ files: [{ path: 'a.py', content: 'x', encoding: 'hex' }] }),
    400,
    'invalid-request',
    'Cannot read files[0].encoding: it must be "utf8" or "base64"',
  ],
  [
    'broken base64',
    body({ files: [{ path: 'a.py', content: 'x', encoding: 'base64' }] }),
    400,
    'invalid-request',
    'Cannot read the content of "a.py": it is not base64 (files[0].content)',
  ],
  [
    'a surrogate in code',
    raw('{"code":"print(\\"\\ud800\\")"}'),
    400,
    'invalid-request',
    'Cannot read code: it has a lone surrogate, which UTF-8 cannot encode',
  ],
  [
    'a surrogate in stdin',
    raw('{"code":"print(1)","stdin":"\\udfff"}'),
    400,
    'invalid-request',
    'Cannot read stdin: it has a lone surrogate, which UTF-8 cannot encode',
  ],
  [
    'a surrogate in a file',
    raw('{"files":[{"path":"a.py","content":"\\ud800"}]}'),
    400,
    'invalid-request',
    'Cannot read the content of "a.py": it has a lone surrogate, which UTF-8 cannot encode: send it as base64 (files[0].content)',
  ],
  [
    'an invalid environment name',
    body({ code: 'print(1)', env: { 'A=B': 'x' } }),
    400,
    'invalid-request',
    `Cannot use "A=B" as an environment variable's name: use letters, digits and _, and do not start with a digit (env.A=B)`,
  ],
  [
    'an environment name with a digit first',
    body({ code: 'print(1)', env: { '1A': 'x' } }),
    400,
    'invalid-request',
    `Cannot use "1A" as an environment variable's name: use letters, digits and _, and do not start with a digit (env.1A)`,
  ],
  [
    'an empty environment name',
    body({ code: 'print(1)', env: { '': 'x' } }),
    400,
    'invalid-request',
    `Cannot use "" as an environment variable's name: use letters, digits and _, and do not start with a digit (env.)`,
  ],
  [
    'a number in env',
    body({ code: 'print(1)', env: { A: 1 } }),
    400,
    'invalid-request',
    'Cannot read env.A: it must be a string',
  ],
  [
    'a NUL in env',
    body({ code: 'print(1)', env: { A: '\0' } }),
    400,
    'invalid-request',
    'Cannot pass this text to a program: it has a NUL character (env.A)',
  ],
  [
    'a limit of zero',
    limit('wallMs', 0),
    400,
    'invalid-request',
    'Cannot read limits.wallMs: 0 is not a whole number from 10 to 300000',
  ],
  [
    'a negative limit',
    limit('cpuMs', -1),
    400,
    'invalid-request',
    'Cannot read limits.cpuMs: -1 is not a whole number from 10 to 300000',
  ],
  [
    'a fractional limit',
    limit('memoryBytes', 1e8 + 0.5),
    400,
    'invalid-request',
    'Cannot read limits.memoryBytes: 100000000.5 is not a whole number from 33554432 to 2147483648',
  ],
  [
    'a limit over the maximum',
    limit('outputBytes', 2 ** 40),
    400,
    'invalid-request',
    'Cannot read limits.outputBytes: 1099511627776 is not a whole number from 1 to 67108864',
  ],
  [
    'a limit as text',
    limit('processes', '5'),
    400,
    'invalid-request',
    'Cannot read limits.processes: "5" is not a whole number from 1 to 512',
  ],
  [
    'null for a limit',
    limit('diskBytes', null),
    400,
    'invalid-request',
    'Cannot read limits.diskBytes: null is not a whole number from 4194304 to 1073741824',
  ],
  [
    'a number that is infinite',
    raw('{"code":"print(1)","limits":{"wallMs":1e999}}'),
    400,
    'invalid-request',
    'Cannot read limits.wallMs: null is not a whole number from 10 to 300000',
  ],
  [
    'an unknown language',
    body({ code: 'print(1)', language: 'cobol' }),
    400,
    'unknown-language',
    'Cannot run the language "cobol".',
  ],
  [
    'an empty language',
    body({ code: 'print(1)', language: '' }),
    400,
    'invalid-request',
    'Cannot read language: it must have at least 1 characters',
  ],
  [
    'a text in no known language',
    body({ code: 'What is the weather like?' }),
    400,
    'unknown-language',
    'This looks like text rather than code, which is not a program. If it is something else, send `language`.',
  ],
  [
    'a wait that is not a number',
    { ...body({ code: 'print(1)' }), query: { wait: 'long' } },
    400,
    'invalid-request',
    'Cannot read wait: it must be a whole number from 0 to 60000',
  ],
  [
    'a wait over the maximum',
    { ...body({ code: 'print(1)' }), query: { wait: '60001' } },
    400,
    'invalid-request',
    'Cannot read wait: it must be a whole number from 0 to 60000',
  ],
  [
    'an unknown query parameter',
    { ...body({ code: 'print(1)' }), query: { waits: '1' } },
    400,
    'invalid-request',
    'Cannot read the query: it has the unknown field "waits"',
  ],
]

type Answer = Awaited<ReturnType<Api['app']['inject']>>

/** Checks that it is this error, and shows nothing of ours. Returns its message. */
const expectError = (response: Answer, status: number, code: string): string => {
  expect([response.statusCode, response.json().error?.code]).toEqual([status, code])
  const { error } = errorBodySchema.parse(response.json())
  expect(response.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(response.body).not.toMatch(/node_modules|\.ts:|at \w+ \(|ZodError|FST_ERR/)
  return error.message
}

const ALL_LANGUAGES =
  'The languages here are python (py, python3, py3), javascript (js, node, nodejs, mjs, cjs, jsx), ' +
  'typescript (ts, mts, cts, tsx), bash (sh, shell, shellscript), html (htm, xhtml)'

const expectRow = (response: Answer, [, , status, code, message]: Row): void => {
  const said = expectError(response, status, code)
  expect(said).toBe(code === 'unknown-language' ? `${message} ${ALL_LANGUAGES}` : message)
}

describe('POST /v1/jobs refuses', () => {
  test.for(ROWS)('%s', async (row, { shared: { app, findKeys } }) => {
    expectRow(await app.inject({ method: 'POST', url: '/v1/jobs', ...row[1] }), row)
    expect(await findKeys()).toEqual([])
  })
})

describe('POST /execute refuses', () => {
  test.for<Row>([
    ['malformed JSON', raw('{'), 400, 'invalid-request', 'Cannot read the body: it is not valid JSON'],
    ['no code', body({ language: 'python' }), 400, 'invalid-request', 'Cannot read code: it is missing'],
    ['an empty program', body({ code: ' ' }), 400, 'invalid-request', 'Nothing to run: `code` is empty'],
    [
      'files',
      body({ code: 'print(1)', files: [] }),
      400,
      'invalid-request',
      'Cannot read the body: it has the unknown field "files"',
    ],
    [
      'an unknown language',
      body({ code: 'print(1)', language: 'cobol' }),
      400,
      'unknown-language',
      'Cannot run the language "cobol".',
    ],
    [
      'HTML',
      body({ code: '<!doctype html>' }),
      400,
      'invalid-request',
      'Cannot run HTML here: a page is shown, and does not end; submit it with POST /v1/jobs, and open its preview',
    ],
    [
      'plain text',
      raw('x', { 'content-type': 'text/plain' }),
      415,
      'unsupported-media-type',
      'Cannot read the body: send it with Content-Type: application/json',
    ],
  ])('%s', async (row, { shared: { app, findKeys } }) => {
    for (const url of ['/execute', '/api/execute']) {
      expectRow(await app.inject({ method: 'POST', url, ...row[1] }), row)
    }
    // The secret of this server, by which ids are made, is nothing of the request.
    expect((await findKeys()).filter((key) => !key.endsWith(':job-id-secret'))).toEqual([])
  })
})

test('An unknown URL is 404, and a method that a URL does not have is 405 with Allow', async ({ shared: { app } }) => {
  for (const url of ['/', '/v2/jobs', '/v1/jobs/a/b', '/V1/jobs', '/metric', '/v1/jobs//events/x']) {
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

test('A request that names JSON and has no body is as good as one that names nothing, where the URL takes no body', async ({
  shared: { app },
}) => {
  const id = `sbx-${'0'.repeat(24)}`
  for (const url of [`/v1/sandboxes/${id}/pause`, `/v1/sandboxes/${id}/resume`, `/v1/sandboxes/${id}/ports/80/url`]) {
    const response = await app.inject({ method: 'POST', url, headers: { 'content-type': 'application/json' } })
    expectError(response, 404, 'sandbox-not-found')
  }
})

test('Any input as a job gets an answer, never status 500', async ({ shared: { app } }) => {
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
    { numRuns: 150 },
  )
})

test('A refusal is short, even if it quotes a long input', async ({ shared: { app } }) => {
  const unknown = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`field ${n}`, n]))
  const entry = { files: [{ path: 'a.py', content: 'x' }], entry: 'x'.repeat(1024 * 1024) }
  for (const payload of [{ code: 'print(1)', ...unknown }, entry, { code: 'print(1)', ['😀'.repeat(100_000)]: 1 }]) {
    const response = await app.inject({ method: 'POST', url: '/v1/jobs', payload })
    expectError(response, 400, 'invalid-request')
    expect(response.body.length).toBeLessThan(5_000)
  }
})
