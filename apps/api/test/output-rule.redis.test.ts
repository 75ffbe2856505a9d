import { once } from 'node:events'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import type { InjectOptions } from 'fastify'
import { describe, expect } from 'vitest'
import { SCOPES_OF } from '../src/access/route-access.ts'
import { type Api, startApi } from './api.ts'
import { openStream } from './clients.ts'
import { holdKey, submitAs } from './key-holder.ts'
import { connectClient, refusalOf } from './socket-io/run-client.ts'

const SECRET = 'what the program prints'
const program = { code: `print(${JSON.stringify(SECRET)})`, language: 'python' }

const runPrograms = (api: Api): Promise<void> =>
  api.work(async ({ job, attempt }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    await log.write('stdout', Buffer.from(SECRET))
    await log.finish({ type: 'exited', exitCode: 0 }, null)
  })

type Send = (request: InjectOptions) => Promise<string>

/** What each route that a key with `submit` alone may call answers about the job `id`, or about a new one. */
const ROUTES: Readonly<Record<string, (send: Send, id: string) => Promise<string>>> = {
  'POST /v1/jobs': async (send) => {
    const request: InjectOptions = { method: 'POST', url: '/v1/jobs?wait=10000', payload: program }
    const again = { ...request, headers: { 'idempotency-key': 'again' } }
    return [await send(request), await send(again), await send({ ...again, url: '/v1/jobs' })].join('\n')
  },
  'DELETE /v1/jobs/:id': (send, id) => send({ method: 'DELETE', url: `/v1/jobs/${id}` }),
  'POST /v1/jobs/:id/stdin': (send, id) =>
    send({ method: 'POST', url: `/v1/jobs/${id}/stdin`, payload: { end: true } }),
  'POST /v1/jobs/:id/signal': (send, id) =>
    send({ method: 'POST', url: `/v1/jobs/${id}/signal`, payload: { signal: 'SIGTERM' } }),
  'POST /v1/jobs/:id/resize': (send, id) =>
    send({ method: 'POST', url: `/v1/jobs/${id}/resize`, payload: { cols: 80, rows: 24 } }),
}
/** Answer nothing about a job. That of the stream is tested below. */
const NOT_ABOUT_JOBS = [
  'GET /v1/stream',
  'GET /v1/languages',
  'POST /v1/files',
  'DELETE /v1/files/:id',
  'POST /v1/tickets',
  'GET /v1/caller',
  'POST /v1/sessions',
  'GET /v1/sessions',
  'DELETE /v1/sessions/:id',
  'DELETE /v1/sessions',
]
/** The forms in which events can be asked for. */
const FORMS = ['application/json', 'text/event-stream', 'application/x-ndjson']

const streamOf = async (url: string, headers: Readonly<Record<string, string>>, frames: readonly object[]) => {
  const stream = await openStream(url, headers)
  for (const [at, frame] of frames.entries()) {
    stream.send({ ...frame, ref: `${at}` })
    await eventually(() => expect(stream.answerTo(`${at}`)).toBeDefined())
  }
  return stream
}

describe('A key that may submit and not read', () => {
  test('sees no output by any route', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await runPrograms(api)
    const reader = await holdKey(api)
    const { headers } = await holdKey(api, { scopes: ['submit'] })
    const id = await submitAs(api, reader, program)
    await eventually(async () => expect((await api.backend.subscriber.summary(id))?.status).toBe('finished'))
    const sendAs =
      (own: object): Send =>
      async (request) => {
        const { statusCode, body } = await api.app.inject({ ...request, headers: { ...request.headers, ...own } })
        return `${statusCode} ${body}`
      }

    const routes = api.routes.flatMap(({ method, url, config }) =>
      [method].flat().map((one) => ({ name: `${one} ${url}`, method: one, url, scope: config?.scope ?? 'none' })),
    )
    const mayCall = routes.filter(({ scope, method }) => ['submit', 'any'].includes(scope) && method !== 'HEAD')
    expect(mayCall.map(({ name }) => name).toSorted()).toEqual([...Object.keys(ROUTES), ...NOT_ABOUT_JOBS].toSorted())
    for (const [name, ask] of Object.entries(ROUTES)) {
      expect([name, await ask(sendAs(headers), id)]).toEqual([name, expect.not.stringContaining(SECRET)])
    }
    // It is there: another key of the same tenant sees it.
    expect(await ROUTES['POST /v1/jobs']?.(sendAs(reader.headers), id)).toMatch(new RegExp(`(?:${SECRET}[^]*){3}`))
    expect(await ROUTES['DELETE /v1/jobs/:id']?.(sendAs(reader.headers), id)).toContain(SECRET)

    const mustRead = routes.filter(({ scope }) => SCOPES_OF[scope].includes('read'))
    expect(mustRead.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['POST /execute', 'POST /api/execute', 'GET /v1/jobs/:id', 'GET /v1/jobs/:id/events']),
    )
    for (const { name, method, url } of mustRead) {
      for (const accept of FORMS) {
        const request = {
          method,
          url: url.replace(':id', id),
          headers: { accept },
          ...(method === 'POST' && { payload: program }),
        }
        const answer = await sendAs(headers)(request)
        expect([name, accept, answer]).toEqual([name, accept, expect.stringMatching(/^403 /)])
      }
    }
  })

  test('sees no output on a WebSocket', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    await runPrograms(api)
    const { headers } = await holdKey(api, { scopes: ['submit'] })
    const submit = { type: 'submit', job: program, idempotencyKey: 'once' }
    const { socket, frames } = await streamOf(await api.listen(), headers, [
      submit,
      { ...submit, subscribe: false },
      { ...submit, subscribe: false },
    ])
    const id = Object(frames[1]?.['job']).id
    await eventually(async () => expect((await api.backend.subscriber.summary(id))?.status).toBe('finished'))
    socket.send(JSON.stringify({ ...submit, subscribe: false, ref: 'again' }))
    socket.send(JSON.stringify({ type: 'subscribe', jobId: id, ref: 'follow' }))
    await eventually(() => expect(frames.length).toBe(5))
    expect(frames.map(({ type }) => type)).toEqual(['error', 'accepted', 'accepted', 'accepted', 'error'])
    expect(Object(frames[0]?.['error']).message).toBe(
      'This key may not see output, because it has no scope read: send `subscribe: false`',
    )
    expect(frames[3]).toMatchObject({ job: { id, status: 'finished', outcome: { type: 'exited' } } })
    expect(JSON.stringify(frames)).not.toContain(SECRET)
    socket.terminate()
    await once(socket, 'close')
  })

  test('is refused by socket.io, which shows output and nothing else', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const url = await api.listen()
    const { text } = await holdKey(api, { scopes: ['submit'] })
    const refusal = await refusalOf(url, resources, { auth: { apiKey: text } })
    expect([refusal.message, refusal.data?.['code']]).toEqual([
      'This key may not see output, because it has no scope read: submit with POST /v1/jobs',
      'forbidden',
    ])
    const both = await holdKey(api)
    await connectClient(url, resources, { auth: { apiKey: both.text } })
  })
})
