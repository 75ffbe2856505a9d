import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Redis, RedisKeys } from '@runnel/redis'
import { redisTest as test } from '@runnel/redis/testing'
import { eventually, heldBytes } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { SUBSCRIPTIONS_PER_SOCKET } from '../src/stream/subscriptions.ts'
import { type Api, startApi } from './api.ts'
import { openStream } from './clients.ts'

const LINE_BYTES = 32 * 1024
const LINES = 600
/** How much the kernel may buffer for a client that reads nothing: a few MiB, far less than the log. */
const LOG_BYTES = LINE_BYTES * LINES
const HEARTBEAT_MS = 200
const MIB = 1024 * 1024
/** An event that waits in the socket, the backlog behind it, and some room. */
const HELD_PER_JOB_BYTES = 256 * 1024

/** A finished job that printed far more than the buffers on the way hold. */
const writeLog = async (api: Api): Promise<string> => {
  const id = await submit(api)
  await runPrograms(api, LINES)
  await untilFinished(api, id)
  return id
}

const submit = async (api: Api): Promise<string> => {
  const answer = await api.app.inject({ method: 'POST', url: '/v1/jobs', payload: { code: 'print(1)' } })
  return answer.json().id
}

const runPrograms = (api: Api, lines: number): Promise<void> =>
  api.work(async ({ job, attempt }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    for (let n = 0; n < lines; n += 1) await log.write('stdout', Buffer.alloc(LINE_BYTES, 'x'))
    await log.finish({ type: 'exited', exitCode: 0 }, null)
  })

const untilFinished = (api: Api, id: string): Promise<void> =>
  eventually(async () => expect((await api.backend.subscriber.summary(id))?.status).toBe('finished'), {
    withinMs: 20_000,
  })

const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
]
const ASKS = {
  WebSocket: UPGRADE,
  'server-sent events': ['Accept: text/event-stream'],
  NDJSON: ['Accept: application/x-ndjson'],
}

/** A TCP connection that has sent its request. It reads only when the test calls, and answers no ping. */
const ask = async (url: string, path: string, headers: readonly string[]): Promise<Socket> => {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.pause()
  socket.on('error', () => {})
  socket.write(`${[`GET ${path} HTTP/1.1`, `Host: ${host}`, ...headers].join('\r\n')}\r\n\r\n`)
  return socket
}

/** All that were ever opened, also closed ones. */
const trackSockets = (api: Api): Set<Socket> => {
  const sockets = new Set<Socket>()
  api.app.server.on('connection', (socket) => sockets.add(socket))
  return sockets
}

const countWatchers = async (redis: Redis, keys: RedisKeys, id: string): Promise<number> =>
  Number((await redis.pubsub('NUMSUB', keys.eventsChannel(id)))[1])

describe('A client that stops reading', () => {
  test('costs little memory while it is open, and is cut after two heartbeats', async ({
    redis,
    redisKeys,
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources, heartbeatMs: HEARTBEAT_MS })
    const url = await api.listen()
    const id = await writeLog(api)
    const sockets = trackSockets(api)
    const clients = await Promise.all(
      Object.values(ASKS).flatMap((headers) =>
        Array.from({ length: 5 }, () => ask(url, `/v1/jobs/${id}/events`, headers)),
      ),
    )
    let mostWaiting = 0
    await eventually(
      () => {
        for (const { writableLength } of sockets) mostWaiting = Math.max(mostWaiting, writableLength)
        return sockets.size === clients.length && [...sockets].every(({ closed }) => closed)
      },
      { everyMs: 5, withinMs: 20_000 },
    )
    expect(mostWaiting).toBeGreaterThan(0)
    expect(mostWaiting).toBeLessThan(MIB)
    await eventually(async () => expect(await countWatchers(redis, redisKeys, id)).toBe(0))
    for (const client of clients) client.destroy()
  })

  test('costs little memory for each of many printing jobs that it follows on one socket', async ({
    redis,
    redisKeys,
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources })
    const url = await api.listen()
    const ids = await Promise.all(Array.from({ length: SUBSCRIPTIONS_PER_SOCKET }, () => submit(api)))
    const { socket, send } = await openStream(url)
    for (const jobId of ids) send({ type: 'subscribe', jobId })
    await eventually(async () => {
      const watchers = await Promise.all(ids.map((id) => countWatchers(redis, redisKeys, id)))
      expect(watchers).toEqual(ids.map(() => 1))
    })
    socket.pause()
    const before = await heldBytes()
    await runPrograms(api, MIB / LINE_BYTES)
    for (const id of ids) await untilFinished(api, id)
    expect((await heldBytes()) - before).toBeLessThan(SUBSCRIPTIONS_PER_SOCKET * HELD_PER_JOB_BYTES)
    socket.terminate()
  })

  test('or has vanished without closing is found by the heartbeat', async ({
    redis,
    redisKeys,
    redisUrl,
    prefix,
    resources,
  }) => {
    const api = await startApi({ redisUrl, prefix, resources, heartbeatMs: HEARTBEAT_MS })
    const url = await api.listen()
    const { id } = (await api.app.inject({ method: 'POST', url: '/v1/jobs', payload: { code: 'print(1)' } })).json()
    // Nothing happens to the job, so only the pings can show it.
    const client = await ask(url, `/v1/jobs/${id}/events`, UPGRADE)
    await eventually(async () => expect(await countWatchers(redis, redisKeys, id)).toBe(1))
    await eventually(async () => expect(await countWatchers(redis, redisKeys, id)).toBe(0))
    client.destroy()
  })
})

/** Reads a little and rests, again and again, until `hasAll` or it was cut. Returns how long that took, in ms. */
const readSlowly = async (
  client: { resume(): void },
  restMs: number,
  { hasAll, isCut }: { hasAll: () => boolean; isCut: () => boolean },
): Promise<number> => {
  const startedAt = performance.now()
  while (!hasAll() && !isCut()) {
    client.resume()
    await delay(restMs)
  }
  return performance.now() - startedAt
}

describe('A client that reads slowly', () => {
  // It answers a ping when it reads it, so it must read everything that waits in the kernel between two pings.
  test('gets everything, however long it takes: WebSocket', async ({ redisUrl, prefix, resources }) => {
    const heartbeatMs = HEARTBEAT_MS * 5
    const api = await startApi({ redisUrl, prefix, resources, heartbeatMs })
    const url = await api.listen()
    const id = await writeLog(api)
    const client = new WebSocket(`${url.replace('http', 'ws')}/v1/jobs/${id}/events`)
    let received = 0
    let last = ''
    client.on('message', (data: Buffer) => {
      received += data.length
      last = data.toString('latin1', 0, 256)
      client.pause()
    })
    await once(client, 'open')
    const hasAll = (): boolean => last.includes('"type":"finished"')
    const tookMs = await readSlowly(client, 8, { hasAll, isCut: () => client.readyState === client.CLOSED })
    expect(hasAll(), `cut after ${received} bytes`).toBe(true)
    expect(received).toBeGreaterThan(LOG_BYTES)
    expect(tookMs).toBeGreaterThan(heartbeatMs * 2)
    client.terminate()
  })

  for (const name of ['server-sent events', 'NDJSON'] as const) {
    test(`gets everything, however long it takes: ${name}`, async ({ redisUrl, prefix, resources }) => {
      const api = await startApi({ redisUrl, prefix, resources, heartbeatMs: HEARTBEAT_MS })
      const url = await api.listen()
      const id = await writeLog(api)
      const client = await ask(url, `/v1/jobs/${id}/events`, ASKS[name])
      let received = 0
      let last = ''
      client.on('data', (bytes) => {
        received += bytes.length
        last = (last + bytes.toString('latin1')).slice(-4_096)
        client.pause()
      })
      const hasAll = (): boolean => last.includes('"type":"finished"')
      const tookMs = await readSlowly(client, 2, { hasAll, isCut: () => client.destroyed })
      expect(hasAll(), `cut after ${received} bytes`).toBe(true)
      expect(received).toBeGreaterThan(LOG_BYTES)
      expect(tookMs).toBeGreaterThan(HEARTBEAT_MS * 2)
      client.destroy()
    })
  }
})
