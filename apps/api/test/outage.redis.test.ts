import { once } from 'node:events'
import { eventually, startRedis, uniquePrefix } from '@runnel/testing'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type Api, startApi } from './api.ts'
import { openStream, watchNdjson, watchServerSentEvents } from './clients.ts'

/** By the last part of the path: all other calls take a program. */
const BODIES: Readonly<Record<string, object>> = {
  sandboxes: {},
  commands: { command: 'true' },
  watchers: { path: 'a' },
  mkdir: { path: 'a' },
  stat: { path: 'a' },
  move: { from: 'a', to: 'b' },
  stdin: { data: 'x' },
  signal: { signal: 'SIGINT' },
  resize: { cols: 80, rows: 24 },
}
const submit = ({ app }: Api) => app.inject({ method: 'POST', url: '/v1/jobs', payload: { code: 'print(1)' } })

describe('While Redis is away', () => {
  test('every call that needs it answers 503 at once, and works again without a restart', async () => {
    await using away = await startRedis()
    await using resources = new AsyncDisposableStack()
    const api = await startApi({ redisUrl: away.url, prefix: uniquePrefix(), resources })
    const url = await api.listen()
    // The id shows which tenant a job belongs to. Redis is asked only for the tenant's own.
    const unknown = await api.backend.jobIds.create('default')
    const sandbox = await api.backend.sandboxIds.create('default')
    const idFor = (path: string): string => {
      if (path.startsWith('/v1/sandboxes/')) return sandbox
      return path.startsWith('/v1/files/') ? `file_${'0'.repeat(32)}` : unknown
    }
    const stream = await openStream(url)
    const nobody = { workers: 0, workersNotReady: 0, workersDrained: 0 }
    expect((await api.app.inject('/health/ready')).json()).toEqual({ status: 'ready', redis: 'up', ...nobody })
    await away.kill()
    await eventually(async () => expect((await api.app.inject('/health/ready')).statusCode).toBe(503))

    const startedAt = performance.now()
    const needRedis = api.routes.filter(({ config }) => /submit|read|sandboxes/.test(config?.scope ?? ''))
    expect(needRedis.length).toBeGreaterThan(7)
    for (const [method, path] of [
      ['POST', '/v1/jobs?wait=10000'] as const,
      ...needRedis.flatMap(({ method, url }) => [method].flat().map((one) => [one, url] as const)),
    ]) {
      // A form is read before Redis is asked.
      if (method === 'HEAD' || (method === 'POST' && path === '/v1/sandboxes/:id/files')) continue
      const payload = BODIES[path.slice(path.lastIndexOf('/') + 1)] ?? { code: 'print(1)' }
      const response = await api.app.inject({
        method,
        url: path
          .replace(':id', idFor(path))
          .replace(':command', `cmd-${'0'.repeat(16)}`)
          .replace(':watcher', `wat-${'0'.repeat(16)}`)
          .replace(':port', '8000')
          .replace(/(sandboxes\/[^/]+\/files)$/, '$1?path=a'),
        ...(method === 'POST' ? { payload } : method === 'PATCH' ? { payload: { timeoutMs: 60_000 } } : {}),
      })
      expect([method, path, response.statusCode]).toEqual([method, path, 503])
      expect(response.json().error.code).toBe('redis-unavailable')
      expect(response.headers['retry-after']).toBe('1')
    }
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/jobs/${unknown}/events`)
    const [, refused] = await once(socket, 'unexpected-response')
    expect(refused.statusCode).toBe(503)
    stream.send({ type: 'submit', ref: 'a', job: { code: 'print(1)' } })
    await eventually(() =>
      expect(stream.answerTo('a')).toMatchObject({ type: 'error', error: { code: 'redis-unavailable' } }),
    )
    expect(performance.now() - startedAt).toBeLessThan(3_000)

    expect((await api.app.inject('/health/live')).statusCode).toBe(200)
    expect((await api.app.inject('/health/ready')).json()).toMatchObject({
      status: 'unavailable',
      redis: 'down',
      error: { code: 'redis-unavailable' },
    })
    expect((await api.app.inject('/v1/languages')).statusCode).toBe(200)

    await away.start()
    await eventually(async () => expect((await api.app.inject('/health/ready')).statusCode).toBe(200))
    expect((await submit(api)).statusCode).toBe(202)
    stream.send({ type: 'submit', ref: 'b', job: { code: 'print(1)' } })
    await eventually(() => expect(stream.answerTo('b')).toMatchObject({ type: 'accepted' }))
    stream.socket.terminate()
  })

  test('calls are answered within seconds if Redis is frozen', async () => {
    await using away = await startRedis()
    await using resources = new AsyncDisposableStack()
    const api = await startApi({ redisUrl: away.url, prefix: uniquePrefix(), resources })
    await away.pause()
    const startedAt = performance.now()
    expect((await submit(api)).statusCode).toBe(503)
    expect((await api.app.inject('/health/ready')).statusCode).toBe(503)
    expect(performance.now() - startedAt).toBeLessThan(12_000)
    await away.unpause()
    await eventually(async () => expect((await submit(api)).statusCode).toBe(202))
  })

  test('a client that hangs up has its job canceled when Redis is back', async () => {
    await using away = await startRedis()
    await using resources = new AsyncDisposableStack()
    const api = await startApi({ redisUrl: away.url, prefix: uniquePrefix(), resources })
    const url = await api.listen()
    const hangUp = new AbortController()
    const answers = [
      ['/v1/jobs?wait=60000', '{"code":"print(1)","cancelOnDisconnect":true}'],
      ['/execute', '{"code":"print(1)"}'],
    ].map(([path, body = '']) => {
      const headers = { 'content-type': 'application/json' }
      return fetch(`${url}${path}`, { method: 'POST', headers, body, signal: hangUp.signal }).catch(() => undefined)
    })
    const list = async () => (await api.app.inject('/v1/jobs')).json().jobs
    await eventually(async () => expect(await list()).toHaveLength(2))
    await away.kill()
    await eventually(() => expect(api.backend.redis.status).not.toBe('ready'))
    hangUp.abort()
    await Promise.all(answers)
    // A third job after those two: the server has seen both clients go by then.
    await expect(fetch(`${url}/v1/jobs`)).resolves.toMatchObject({ status: 503 })
    await away.start()
    const canceled = expect.objectContaining({ outcome: { type: 'canceled' } })
    await eventually(async () => expect(await list()).toEqual([canceled, canceled]))
  })

  test('an open stream of events waits, and continues without a gap', async () => {
    await using away = await startRedis()
    await using resources = new AsyncDisposableStack()
    const api = await startApi({ redisUrl: away.url, prefix: uniquePrefix(), resources })
    const id = (await submit(api)).json().id
    const url = `${await api.listen()}/v1/jobs/${id}/events`
    const started = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    const watched = [
      watchNdjson(url, () => {
        started[0].resolve()
        return true
      }),
      watchServerSentEvents(url),
    ]
    const socket = new WebSocket(url.replace('http', 'ws'))
    const types: string[] = []
    socket.on('message', (data) => {
      types.push(JSON.parse(String(data)).type)
      started[1].resolve()
    })
    await Promise.all(started.map(({ promise }) => promise))
    await away.stop()
    await eventually(async () => expect((await api.app.inject('/health/ready')).statusCode).toBe(503))
    await away.start()
    await eventually(async () => expect((await api.app.inject('/health/ready')).statusCode).toBe(200))
    const closed = once(socket, 'close')
    expect((await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })).statusCode).toBe(200)
    for (const events of await Promise.all(watched)) {
      expect(events.map((event) => event.type)).toEqual(['queued', 'finished'])
    }
    expect((await closed)[0]).toBe(1000)
    expect(types).toEqual(['queued', 'finished'])
  })
})
