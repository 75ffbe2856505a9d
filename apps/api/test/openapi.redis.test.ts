import { LANGUAGES } from '@runnel/languages'
import { redisTest as test } from '@runnel/redis/testing'
import { expect } from 'vitest'
import { startApi } from './api.ts'

test('The document describes every route and every schema', async ({ redisUrl, prefix, resources }) => {
  const { app, routes } = await startApi({ redisUrl, prefix, resources })
  const response = await app.inject('/docs/openapi.json')
  expect(response.statusCode).toBe(200)
  const document = response.json()
  const operations = Object.entries<Record<string, Record<string, unknown>>>(document.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  )
  const registered = routes
    // The page and its files are not a part of the API.
    .filter(({ method, url, schema }) => method !== 'HEAD' && !url.startsWith('/docs') && schema?.hide !== true)
    .map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`)
  expect(registered.length).toBeGreaterThan(10)
  expect(operations.map(({ name }) => name).toSorted()).toEqual(registered.toSorted())
  for (const { name, operation } of operations) {
    expect([name, operation['summary'], operation['description']]).toEqual([
      name,
      expect.stringMatching(/^[A-Z]\w+ /),
      expect.stringMatching(/^[A-Z].{20,}\.$/s),
    ])
    expect([name, Object.keys(operation['responses'] ?? {}).length]).not.toEqual([name, 0])
  }
  const schemas = [
    'Job',
    'JobPage',
    'SubmittedProgram',
    'JobEvent',
    'File',
    'FilePage',
    'Outcome',
    'Usage',
    'Limits',
    'Sandbox',
    'SandboxPage',
    'SandboxLimits',
    'SandboxMetrics',
    'Command',
    'CommandList',
    'FileEntry',
    'FileList',
    'Watcher',
    'WatcherList',
    'Watched',
    'WatchEvent',
    'Error',
    'Submission',
    'Stdin',
    'ClientFrame',
    'ServerFrame',
  ]
  expect(Object.keys(document.components.schemas).toSorted()).toEqual(schemas.toSorted())
})

test('Every reference in the document has a target', async ({ redisUrl, prefix, resources }) => {
  const { app } = await startApi({ redisUrl, prefix, resources })
  const text = (await app.inject('/docs/openapi.json')).body
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference = '']) => reference)
  expect(references.length).toBeGreaterThan(10)
  for (const reference of new Set(references)) {
    expect(reference).toMatch(/^#\/components\/schemas\/\w+$/)
    expect(JSON.parse(text).components.schemas, reference).toHaveProperty(reference.split('/').at(-1) ?? '')
  }
})

test('Every field of a submission is described, with its bounds', async ({ redisUrl, prefix, resources }) => {
  const { app } = await startApi({ redisUrl, prefix, resources })
  const document = (await app.inject('/docs/openapi.json')).json()
  const { schema } = document.paths['/v1/jobs'].post.requestBody.content['application/json']
  expect(Object.keys(schema.properties).toSorted()).toEqual([
    'args',
    'artifacts',
    'cancelOnDisconnect',
    'code',
    'cols',
    'console',
    'entry',
    'env',
    'files',
    'idleTimeoutMs',
    'interactive',
    'isolation',
    'language',
    'limits',
    'public',
    'rows',
    'serve',
    'stdin',
    'timeoutMs',
    'tty',
  ])
  expect(schema.additionalProperties).toBe(false)
  expect(schema.properties.limits.properties.wallMs).toMatchObject({ minimum: 10, maximum: 300_000, default: 30_000 })
  const stdin = document.paths['/v1/jobs/{id}/stdin'].post.requestBody.content
  expect(stdin).toEqual({
    'application/json': { schema: { $ref: '#/components/schemas/Stdin' } },
    'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
  })
})

test('The page works without any other server', async ({ redisUrl, prefix, resources }) => {
  const { app } = await startApi({ redisUrl, prefix, resources })
  const redirect = await app.inject('/docs')
  expect([redirect.statusCode, redirect.headers['location']]).toEqual([301, '/docs/'])
  const page = await app.inject('/docs/')
  expect(page.headers['content-type']).toContain('text/html')
  const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source)
  expect(sources).toEqual(['js/scalar.js'])
  expect(page.body).not.toMatch(/https?:\/\//)
  const script = await app.inject('/docs/js/scalar.js')
  expect([script.statusCode, script.headers['content-type']]).toEqual([200, 'application/javascript; charset=utf-8'])
})

test('The languages are listed with all their names', async ({ redisUrl, prefix, resources }) => {
  const { app } = await startApi({ redisUrl, prefix, resources })
  const { languages } = (await app.inject('/v1/languages')).json()
  expect(languages.map(({ id }: { id: string }) => id)).toEqual([...LANGUAGES.map(({ id }) => id), 'html'])
  expect(languages[0]).toEqual({
    id: 'python',
    name: 'Python',
    aliases: ['py', 'python3', 'py3'],
    version: 'Python 3.13',
    extensions: ['.py', '.pyw'],
    fileName: 'main.py',
  })
})
