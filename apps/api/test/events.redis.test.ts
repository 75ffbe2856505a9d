import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { JobEvent } from '@runnel/contract/public'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { type Api, startApi } from './api.ts'
import { watchNdjson, watchServerSentEvents, watchSocket } from './clients.ts'

const submit = async ({ app }: Api): Promise<string> =>
  (await app.inject({ method: 'POST', url: '/v1/jobs', payload: { code: 'print(1)' } })).json().id

/** Plays a program that prints a line every 20 ms. */
const printLines = (api: Api, count: number): Promise<void> =>
  api.work(async ({ job, attempt }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    for (let n = 1; n <= count; n += 1) {
      await log.write('stdout', Buffer.from(`line ${n}\n`))
      await delay(20)
    }
    await log.finish({ type: 'exited', exitCode: 0 }, { wallMs: 1, cpuMs: 1, peakMemoryBytes: null })
  })

const toText = (events: readonly JobEvent[]): string =>
  events.map((event) => (event.type === 'stdout' ? event.data : '')).join('')

describe('GET /v1/jobs/:id/events', () => {
  test('sends three watchers the same events: one early, one late, one that drops and resumes', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api)
    const url = `${await api.listen()}/v1/jobs/${id}/events`

    const { promise: half, resolve: reachHalf } = Promise.withResolvers<void>()
    const overSocket = watchSocket(url, (event) => {
      if (event.type === 'stdout' && event.data.includes('line 20\n')) reachHalf()
      return true
    })
    const resuming = watchNdjson(url, (event) => !(event.type === 'stdout' && event.data.includes('line 10\n'))).then(
      async (before) => [...before, ...(await watchNdjson(`${url}?after=${before.at(-1)?.id}`))],
    )
    await printLines(api, 40)
    await half
    const late = watchServerSentEvents(url)

    const [first, second, third] = await Promise.all([overSocket, late, resuming])
    expect(first.map(({ type }) => type).filter((type) => type !== 'stdout')).toEqual(['queued', 'started', 'finished'])
    expect(toText(first)).toBe(Array.from({ length: 40 }, (_, n) => `line ${n + 1}\n`).join(''))
    expect(new Set(first.map((event) => event.id)).size).toBe(first.length)
    expect(second).toEqual(first)
    expect(third).toEqual(first)
    expect(first.length).toBeGreaterThan(20)
  })

  test('ends every stream with an error if Redis has lost the log', async ({
    redis,
    redisUrl,
    prefix,
    resources,
    redisKeys,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api)
    const url = `${await api.listen()}/v1/jobs/${id}/events`
    const socket = new WebSocket(url.replace('http', 'ws'))
    const frames: unknown[] = []
    socket.on('message', (data) => frames.push(JSON.parse(String(data))))
    const closed = once(socket, 'close')
    let startedStreams = 0
    const read = async (accept: string): Promise<string> => {
      let text = ''
      const reading = async (): Promise<void> => {
        const { body } = await fetch(url, { headers: { accept } })
        for await (const piece of body ?? []) {
          if (text === '') startedStreams += 1
          text += Buffer.from(piece).toString()
        }
      }
      await expect(reading()).rejects.toThrow('terminated')
      return text
    }
    const texts = [read('text/event-stream'), read('*/*')]
    await eventually(() => expect([startedStreams, frames.length]).toEqual([2, 1]))
    await redis.del(redisKeys.events(id))
    expect((await closed)[0]).toBe(1011)
    const lost = { type: 'error', error: expect.objectContaining({ code: 'events-lost' }) }
    expect(frames).toEqual([expect.objectContaining({ type: 'queued' }), lost])
    const [sse = '', ndjson = ''] = await Promise.all(texts)
    expect(sse).toMatch(/\nevent: error\ndata: \{"type":"error",.*"events-lost".*\}\n\n$/)
    expect(JSON.parse(ndjson.trim().split('\n').at(-1) ?? '')).toEqual(lost)
  })

  test('resumes server-sent events after Last-Event-ID, and stops an EventSource that has all of them', async ({
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api)
    const url = `${await api.listen()}/v1/jobs/${id}/events`
    await printLines(api, 3)
    const all = await watchServerSentEvents(`${url}?after=0-1`)
    const middle = all[1]?.id
    expect(await watchServerSentEvents(`${url}?after=0-1`, middle)).toEqual(all.slice(2))
    const headers = { accept: 'text/event-stream', 'last-event-id': all.at(-1)?.id ?? '' }
    expect((await fetch(url, { headers })).status).toBe(204)
    expect(await (await fetch(`${url}?after=${all.at(-1)?.id}`)).text()).toBe('')
  })

  test.for<[string, string | undefined, string]>([
    ['application/x-ndjson', 'application/x-ndjson', 'application/x-ndjson; charset=utf-8'],
    ['anything', '*/*', 'application/x-ndjson; charset=utf-8'],
    ['nothing', undefined, 'application/x-ndjson; charset=utf-8'],
    ['text/event-stream among others', 'text/html, text/event-stream;q=0.5', 'text/event-stream; charset=utf-8'],
  ])('answers what a client that accepts %s can read', async ([, accept, type], { redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api)
    await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })
    const headers = accept === undefined ? {} : { accept }
    const response = await api.app.inject({ url: `/v1/jobs/${id}/events`, headers })
    expect(response.headers).toMatchObject({ 'content-type': type, 'cache-control': 'no-store' })
    expect(response.body).toContain('"type":"finished"')
  })

  test('sends heartbeats while nothing happens, in the way of each format', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources, heartbeatMs: 30 })
    const id = await submit(api)
    const url = `${await api.listen()}/v1/jobs/${id}/events?after=0-1`
    for (const [accept, beat] of [
      ['text/event-stream', ': heartbeat\n\n'],
      ['application/x-ndjson', '\n'],
    ] as const) {
      const response = await fetch(url, { headers: { accept } })
      let text = ''
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += piece
        if (text.endsWith(beat.repeat(2))) break
      }
      expect(text.endsWith(beat.repeat(2))).toBe(true)
    }
    const socket = new WebSocket(url.replace('http', 'ws'))
    await once(socket, 'ping')
    await once(socket, 'ping')
    socket.terminate()
  })

  test('gives up on a WebSocket that answers no ping', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources, heartbeatMs: 30 })
    const id = await submit(api)
    const url = `${await api.listen()}/v1/jobs/${id}/events`
    const socket = new WebSocket(url.replace('http', 'ws'), { autoPong: false })
    const [code] = await once(socket, 'close')
    expect(code).toBe(1006)
  })

  test('closes a WebSocket with 1000 after the last event', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api)
    const socket = new WebSocket(`${(await api.listen()).replace('http', 'ws')}/v1/jobs/${id}/events`)
    await once(socket, 'message')
    const closed = once(socket, 'close')
    await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })
    const [code] = await closed
    expect(code).toBe(1000)
  })

  test('answers a frame with an error frame and continues', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api)
    const socket = new WebSocket(`${(await api.listen()).replace('http', 'ws')}/v1/jobs/${id}/events?after=0-1`)
    await once(socket, 'open')
    socket.send('hello')
    const [frame] = await once(socket, 'message')
    expect(JSON.parse(String(frame))).toMatchObject({ type: 'error', error: { code: 'invalid-request' } })
    const next = once(socket, 'message')
    await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${id}` })
    expect(JSON.parse(String((await next)[0]))).toMatchObject({ type: 'finished' })
  })

  test('answers a WebSocket to an unknown job with 404 before the upgrade', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const url = (await api.listen()).replace('http', 'ws')
    for (const [path, status] of [
      [`/v1/jobs/job_${'0'.repeat(32)}/events`, 404],
      ['/v1/jobs/x/events', 404],
      [`/v1/jobs/${await submit(api)}/events?after=x`, 400],
      ['/v1/nothing', 404],
      ['/%zz', 400],
    ] as const) {
      const socket = new WebSocket(`${url}${path}`)
      const [, response] = await once(socket, 'unexpected-response')
      expect([path, response.statusCode]).toEqual([path, status])
      await once(response.socket, 'close')
    }
  })

  test.for(['x', '1', '1-', '01-1', '1-1-1', '-1-1', '9999999999-1', ''])(
    'refuses to start after %j',
    async (after, { redisUrl, prefix, resources }) => {
      const api = await startApi({ redisUrl, prefix, resources })
      const id = await submit(api)
      const response = await api.app.inject(`/v1/jobs/${id}/events?after=${after}`)
      expect(response.statusCode).toBe(400)
      expect(response.json().error.message).toContain('event id looks like')
    },
  )

  test('holds little in memory for a client that does not read', async ({ redisUrl, prefix, resources }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api)
    const url = `${await api.listen()}/v1/jobs/${id}/events`
    const line = 'x'.repeat(32 * 1024)
    const lines = 600
    await api.work(async ({ job, attempt }, publisher) => {
      const log = publisher.open(job.id, attempt)
      await log.start()
      for (let n = 0; n < lines; n += 1) await log.write('stdout', Buffer.from(line))
      await log.finish({ type: 'exited', exitCode: 0 }, null)
    })
    const socket = new WebSocket(url.replace('http', 'ws'))
    await once(socket, 'open')
    socket.pause()
    const response = await fetch(url)
    await eventually(async () => expect((await api.backend.subscriber.summary(id))?.status).toBe('finished'), {
      withinMs: 20_000,
    })
    const buffered = [...api.app.websocketServer.clients].map((client) => client.bufferedAmount)
    expect(buffered.length).toBe(1)
    expect(Math.max(...buffered)).toBeLessThan(512 * 1024)
    socket.resume()
    let text = 0
    socket.on('message', (data) => {
      const event = JSON.parse(String(data))
      if (event.type === 'stdout') text += event.data.length
    })
    await once(socket, 'close')
    expect(text).toBe(line.length * lines)
    expect((await response.text()).length).toBeGreaterThan(line.length * lines)
  })

  test('stops following when its client goes away', async ({ redis, redisUrl, prefix, resources, redisKeys }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const id = await submit(api)
    const url = `${await api.listen()}/v1/jobs/${id}/events`
    const watchers = async () => Number((await redis.pubsub('NUMSUB', redisKeys.events(id)))[1])
    const away = new AbortController()
    const socket = new WebSocket(url.replace('http', 'ws'))
    await Promise.all([fetch(url, { signal: away.signal }), once(socket, 'open')])
    await eventually(async () => expect(await watchers()).toBe(1))
    away.abort()
    socket.terminate()
    await eventually(async () => expect(await watchers()).toBe(0))
  })
})
