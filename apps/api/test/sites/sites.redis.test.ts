import { once } from 'node:events'
import { createServer } from 'node:http'
import { openFiles } from '@runnel/blobs'
import type { Job, JobEvent } from '@runnel/contract/public'
import { createSiteOperations, endDueSites } from '@runnel/operations'
import { createSiteLog } from '@runnel/output/site-log'
import { createLogger } from '@runnel/process'
import { NO_KEPT_BOUNDS, redisTest } from '@runnel/redis/testing'
import { createHistory, createPrograms, createSites } from '@runnel/registry'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { createServeSite } from '../../src/sites/serve-site.ts'
import { startApi } from '../api.ts'

const PAGE = '<!doctype html>\n<title>hi</title>\n<p>hello</p>\n'

const test = redisTest.extend('house', async ({ redis, redisUrl, prefix, resources }) => {
  const api = await startApi({ redisUrl, prefix, resources })
  const { app, backend } = api
  const submit = async (payload: object, headers = {}): Promise<Job> => {
    const answer = await app.inject({ method: 'POST', url: '/v1/jobs', payload, headers })
    expect([answer.statusCode, answer.json().error]).toEqual([202, undefined])
    return answer.json()
  }
  const log = createLogger({ name: 'test', level: 'silent' })
  const common = { redis, prefix, retentionMs: 60_000, keptBounds: NO_KEPT_BOUNDS }
  const parts = {
    ...backend,
    programs: createPrograms(common),
    history: createHistory(common),
    sites: createSites(common),
    siteLog: createSiteLog({ ...common, logWriter: backend.logWriter }),
    files: resources.use(await openFiles({ folder: '/dev/null/blobs', s3: undefined, log, ...common })),
  }
  resources.use(endDueSites({ ...parts, log }))
  const serve = createServeSite(createSiteOperations(parts))
  let served: Job | undefined
  const server = createServer(async (request, response) => {
    const record = await backend.records.read(served?.sandboxId ?? '')
    if (record === undefined) throw new Error('no such site')
    await serve({ request, response, record, framePolicy: "frame-ancestors 'self'" }).catch(
      (error: Error & { status: number }) => response.writeHead(error.status).end(error.message),
    )
  })
  resources.defer(async () => void (await new Promise((resolve) => server.close(resolve).closeAllConnections())))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return {
    api,
    submit,
    origin,
    visit(job: Job, path: string, init: RequestInit = {}) {
      served = job
      return fetch(`${origin}${path}`, { redirect: 'manual', ...init })
    },
    read: async (id: string): Promise<Job> => (await app.inject(`/v1/jobs/${id}`)).json(),
    async events(id: string): Promise<JobEvent[]> {
      const { body } = await app.inject({ url: `/v1/jobs/${id}/events`, headers: { accept: 'application/x-ndjson' } })
      return body
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    },
  }
})

describe('A job in HTML', () => {
  test('is a site that runs at once: a sandbox without a place, with a port and a program', async ({ house }) => {
    const { api, submit, read, events } = house
    const job = await submit({ code: PAGE })
    expect(job).toMatchObject({
      status: 'running',
      language: 'html',
      attempt: 1,
      sandboxId: expect.stringMatching(/^sbx-/),
    })
    const { sandboxId = '' } = job
    const sandbox = (await api.app.inject(`/v1/sandboxes/${sandboxId}`)).json()
    expect(sandbox).toMatchObject({
      status: 'running',
      template: 'html',
      public: false,
      jobId: job.id,
      timeoutMs: 3_600_000,
    })
    const program = (await api.app.inject(`/v1/jobs/${job.id}/program`)).json()
    expect(program).toMatchObject({ language: 'html', code: PAGE, entry: 'index.html' })
    const canceled = await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${job.id}` })
    expect(canceled.json()).toMatchObject({ status: 'finished', outcome: { type: 'canceled' }, usage: { cpuMs: null } })
    expect((await api.app.inject(`/v1/sandboxes/${sandboxId}`)).json()).toMatchObject({
      status: 'ended',
      ending: 'deleted',
    })
    expect((await events(job.id)).map((event) => [event.id, event.type])).toEqual([
      ['0-1', 'queued'],
      ['1-1', 'started'],
      ['1-2', 'port'],
      ['1-3', 'finished'],
    ])
    expect((await events(job.id))[2]).toMatchObject({ sandboxId, port: 80, open: true })
    expect(await read(job.id)).toMatchObject({ outcome: { type: 'canceled' } })
    expect((await api.app.inject('/v1/jobs?language=html')).json().jobs.map(({ id }: Job) => id)).toEqual([job.id])
  })

  test('is not waited for, and is refused where only the end is answered', async ({ house }) => {
    const answer = await house.api.app.inject({ method: 'POST', url: '/v1/jobs?wait=60000', payload: { code: PAGE } })
    expect([answer.statusCode, answer.json().status]).toEqual([202, 'running'])
    const executed = await house.api.app.inject({ method: 'POST', url: '/execute', payload: { code: PAGE } })
    expect([executed.statusCode, executed.json().error.message]).toEqual([
      400,
      'Cannot run HTML here: a page is shown, and does not end; submit it with POST /v1/jobs, and open its preview',
    ])
  })

  test('is one job for one idempotency key', async ({ house }) => {
    const headers = { 'idempotency-key': 'k' }
    const jobs = await Promise.all(Array.from({ length: 8 }, () => house.submit({ code: PAGE }, headers)))
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1)
    const other = await house.api.app.inject({
      method: 'POST',
      url: '/v1/jobs',
      payload: { code: '<p>', language: 'html' },
      headers,
    })
    expect([other.statusCode, other.json().error.code]).toEqual([422, 'idempotency-key-reused'])
  })

  test('has nothing running in it: calls into its sandbox say so', async ({ house }) => {
    const { sandboxId } = await house.submit({ code: PAGE })
    const url = `/v1/sandboxes/${sandboxId}`
    const answer = await house.api.app.inject({ method: 'POST', url: `${url}/pause` })
    expect([answer.statusCode, answer.json().error.message]).toEqual([
      400,
      'Cannot do this with a site: it has files and a preview, and nothing runs in it',
    ])
    const changed = await house.api.app.inject({ method: 'PATCH', url, payload: { timeoutMs: 60_000 } })
    expect(changed.json()).toMatchObject({ timeoutMs: 60_000, idleTimeoutMs: 300_000 })
    const deleted = await house.api.app.inject({ method: 'DELETE', url })
    expect(deleted.json()).toMatchObject({ status: 'ended', ending: 'deleted' })
  })

  test('ends when nobody uses it, and when its time is over', async ({ house }) => {
    const { api, submit, visit, read } = house
    const [idle, used] = [await submit({ code: PAGE }), await submit({ code: PAGE })]
    const patch = (job: Job, payload: object) =>
      api.app.inject({ method: 'PATCH', url: `/v1/sandboxes/${job.sandboxId}`, payload })
    await patch(idle, { idleTimeoutMs: 1_000 })
    await patch(used, { idleTimeoutMs: 1_500, timeoutMs: 5_000 })
    await eventually(async () => {
      await visit(used, '/')
      expect((await read(idle.id)).outcome).toEqual({ type: 'sandbox-ended', ending: 'idle' })
    })
    await eventually(async () => {
      expect((await visit(used, '/')).status).toBe(200)
      expect((await read(used.id)).outcome).toEqual({ type: 'sandbox-ended', ending: 'timed-out' })
    })
  })
})

describe('The files of a site', () => {
  test('are served with their types, tags and ranges, and change nothing', async ({ house }) => {
    const { submit, visit } = house
    const files = [
      { path: 'index.html', content: PAGE },
      { path: 'a.css', content: 'p { color: red }' },
      { path: 'one.png', content: 'iVBORw0KGgo=', encoding: 'base64' },
    ]
    const job = await submit({ files, console: false })
    const page = await visit(job, '/')
    expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([
      200,
      'text/html; charset=utf-8',
      PAGE,
    ])
    const etag = page.headers.get('etag') ?? ''
    expect((await visit(job, '/', { headers: { 'if-none-match': `"x", ${etag}` } })).status).toBe(304)
    const part = await visit(job, '/one.png', { headers: { range: 'bytes=1-3' } })
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 1-3/8', 'PNG'])
    const late = await visit(job, '/one.png', { headers: { range: 'bytes=9-' } })
    expect([late.status, late.headers.get('content-range')]).toEqual([416, 'bytes */8'])
    const other = await visit(job, '/one.png', { headers: { range: 'bytes=1-3', 'if-range': '"another"' } })
    expect([other.status, (await other.arrayBuffer()).byteLength]).toEqual([200, 8])
    const head = await visit(job, '/a.css', { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '16', ''])
    expect((await visit(job, '/a.css', { method: 'PUT', body: 'x' })).status).toBe(405)
    expect((await visit(job, '/missing', { headers: { accept: '*/*' } })).status).toBe(404)
    expect((await visit(job, '/users/7', { headers: { accept: 'text/html' } })).status).toBe(200)
    expect((await visit(job, '/__runnel/console.js')).status).toBe(404)
  })
})

describe('What a page writes to its console', () => {
  const LINE = { level: 'log', text: 'hi' }
  const post = (
    house: { visit: (job: Job, path: string, init: RequestInit) => Promise<Response>; origin: string },
    job: Job,
    body: unknown,
    origin = house.origin,
  ) => house.visit(job, '/__runnel/console', { method: 'POST', body: JSON.stringify(body), headers: { origin } })

  test('is the output of the job, in order', async ({ house }) => {
    const { api, submit } = house
    const job = await submit({ code: PAGE })
    const messages = [
      LINE,
      LINE,
      { level: 'warn', text: 'careful' },
      { level: 'error', text: 'Uncaught Error: a\n    at /workspace/index.html:2:3' },
    ]
    expect((await post(house, job, { messages, leftOut: 0 })).status).toBe(204)
    expect((await post(house, job, { messages: [LINE], leftOut: 2 })).status).toBe(204)
    const { output } = (await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${job.id}` })).json()
    expect(output.stdout.data).toBe('hi\nhi\nhi\n')
    expect(output.stderr.data).toBe(
      'careful\nUncaught Error: a\n    at /workspace/index.html:2:3\nThe page wrote 2 more messages, which are left out.\n',
    )
    expect((await post(house, job, { messages: [LINE], leftOut: 0 })).status).toBe(410)
  })

  test('ends at the output limit with a sentence', async ({ house }) => {
    const { api, submit } = house
    const job = await submit({ code: PAGE, limits: { outputBytes: 10 } })
    expect((await post(house, job, { messages: [LINE], leftOut: 0 })).status).toBe(204)
    const long = { level: 'error', text: 'x'.repeat(20) }
    expect((await post(house, job, { messages: [LINE, long, LINE], leftOut: 0 })).status).toBe(410)
    expect((await post(house, job, { messages: [LINE], leftOut: 0 })).status).toBe(410)
    const { output } = (await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${job.id}` })).json()
    expect([output.stdout.data, output.stderr.data]).toEqual([
      'hi\nhi\n',
      'What this page writes to its console is not shown any more: it is over the output limit of 10 bytes.\n',
    ])
  })

  test('is refused from other pages, too often, too much, and where it is switched off', async ({ house }) => {
    const { submit, visit } = house
    const job = await submit({ code: PAGE })
    expect((await post(house, job, { messages: [LINE], leftOut: 0 }, 'https://evil.example')).status).toBe(403)
    expect((await post(house, job, { messages: [{ ...LINE, level: 'fatal' }], leftOut: 0 })).status).toBe(400)
    expect((await post(house, job, 'x'.repeat(300_000))).status).toBe(413)
    const statuses = await Promise.all(
      Array.from({ length: 60 }, async () => (await post(house, job, { messages: [], leftOut: 0 })).status),
    )
    expect(new Set(statuses)).toEqual(new Set([204, 429]))
    const silent = await submit({ code: PAGE, console: false })
    expect((await post(house, silent, { messages: [LINE], leftOut: 0 })).status).toBe(405)
    expect((await visit(silent, '/__runnel/console.js')).status).toBe(404)
  })
})
