import { once } from 'node:events'
import { jobSchema, PROGRAM, serverFrameSchema, tenantLimitsSchema } from '@runnel/contract/public'
import { redisTest } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { type Api, startApi } from '../api.ts'
import { openStream } from '../clients.ts'
import { holdKey, type KeyHolder, submitAs } from '../key-holder.ts'
import { connectClient } from '../socket-io/run-client.ts'
import { many, medianOf, ofBodies, ofSocketIo, ofStream, startFlood, toFrame } from './floods.ts'

const HEARTBEAT_MS = 300

/** An API with a worker that ends each program at once, a flooder's key and that of another caller. */
const test = redisTest.extend('house', async ({ redisUrl, prefix, resources }) => {
  const api = await startApi({ redisUrl, prefix, resources, heartbeatMs: HEARTBEAT_MS })
  const url = await api.listen()
  const flooder = await holdKey(api, { tenant: 'flooder', scopes: ['submit', 'read'] })
  const caller = await holdKey(api, { tenant: 'caller', scopes: ['submit', 'read'] })
  await api.backend.tenants.set({ id: 'flooder', limits: tenantLimitsSchema.parse({ queued: 5 }) })
  return { api, url, flooder: { url, authorization: flooder.headers.authorization }, caller }
})

const runPrograms = (api: Api): Promise<void> =>
  api.work(async ({ job, attempt }, publisher) => {
    const log = publisher.open(job.id, attempt)
    await log.start()
    await log.finish({ type: 'exited', exitCode: 0 }, null)
  })

/** How much slower than without a flood a call may be, and what the clock of a busy machine adds. */
const FACTOR = 3
const NOISE_MS = 5
const CALLS = 15
/** Whatever else runs on the machine can hit one round. */
const ROUNDS = 3
/** Three rounds, on a machine that is ten times slower than an idle one. */
const TIMEOUT_MS = 60_000

/**
 * Measures calls without a flood and during it, until one round is good. Before the bounds, each of these floods made a call take from
 * 100 ms to 20 s.
 */
const expectGoodService = async (
  call: () => Promise<unknown>,
  startFlooding: () => ReturnType<typeof startFlood>,
): Promise<void> => {
  await medianOf(CALLS, call)
  const measured: string[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const quiet = await medianOf(CALLS, call)
    await using _flood = await startFlooding()
    const flooded = await medianOf(CALLS, call)
    if (flooded < FACTOR * quiet + NOISE_MS) return
    measured.push(`${quiet} ms without the flood, ${flooded} ms with it`)
  }
  throw new Error(`Another caller waits too long: ${measured.join('; ')}`)
}

const readJob = async (url: string, { headers }: KeyHolder, id: string): Promise<void> => {
  const response = await fetch(`${url}/v1/jobs/${id}`, { headers })
  expect(jobSchema.parse(await response.json()).id).toBe(id)
}

const SUBMIT = { type: 'submit', subscribe: false, job: { code: 'print(1)', language: 'python' } }
const LARGE_SOURCE = 'x = 1 # abc\n'.repeat(PROGRAM.sourceBytes / 12)
const ONES = `[${Array(2 * 1024 * 1024)
  .fill('1')
  .join()}]`
const KEYS = `{${Array.from({ length: 200_000 }, (_, n) => `"key${n}":1`).join()}}`

const frames = (frame: unknown): Buffer => many(toFrame(JSON.stringify(frame)))

const STREAM_FLOODS: Readonly<Record<string, Buffer>> = {
  'one byte in each frame': many(toFrame('x')),
  'valid frames that need nothing': frames({ type: 'ping' }),
  'submissions, of which most are refused': frames(SUBMIT),
  'large submissions': toFrame(JSON.stringify({ ...SUBMIT, job: { code: LARGE_SOURCE } })),
  'large frames of many small values': toFrame(ONES),
}

const BODY_FLOODS: Readonly<Record<string, string>> = {
  'two million numbers': ONES,
  '200,000 unknown fields': KEYS,
  'a megabyte of source without a language': JSON.stringify({ code: LARGE_SOURCE }),
}

describe('Another caller is served as before', { timeout: TIMEOUT_MS }, () => {
  test.for(Object.keys(STREAM_FLOODS))('while three sockets flood /v1/stream with %s', async (name, { house }) => {
    const { api, url, flooder, caller } = house
    const id = await submitAs(api, caller)
    await expectGoodService(
      () => readJob(url, caller, id),
      () => startFlood(ofStream({ ...flooder, bytes: STREAM_FLOODS[name] ?? Buffer.alloc(0) })),
    )
  })

  test.for(Object.keys(BODY_FLOODS))('while three clients send bodies with %s', async (name, { house }) => {
    const { api, url, flooder, caller } = house
    const id = await submitAs(api, caller)
    await expectGoodService(
      () => readJob(url, caller, id),
      () => startFlood(ofBodies({ ...flooder, bytes: Buffer.from(BODY_FLOODS[name] ?? '') })),
    )
  })
})

const SOCKET_IO_FLOODS: Readonly<Record<string, Buffer>> = {
  'messages that are refused': many(toFrame('42["execute_code",{}]')),
  'programs of a megabyte': toFrame(`42${JSON.stringify(['execute_code', { code: LARGE_SOURCE }])}`),
  'messages of many small values': toFrame(`42["execute_code",${ONES}]`),
}

test('A tenant that sends more large bodies than can be read gets 429', async ({ house }) => {
  const { url, caller } = house
  const send = async (): Promise<number> => {
    const response = await fetch(`${url}/v1/jobs`, {
      method: 'POST',
      headers: { ...caller.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ code: LARGE_SOURCE }),
    })
    const answer = await response.text()
    if (response.status === 429) expect(answer).toMatch(/"Cannot read another body of more than 32768 bytes now: 20 of/)
    return response.status
  }
  const statuses = await Promise.all(Array.from({ length: 60 }, send))
  expect([...new Set(statuses)].toSorted()).toEqual([202, 429])
})

describe('Two libraries on one server', { timeout: TIMEOUT_MS }, () => {
  test.for(['valid frames that need nothing', 'large submissions'])(
    'socket.io runs programs while /v1/stream is flooded with %s',
    async (name, { house, resources }) => {
      const { api, url, flooder, caller } = house
      await runPrograms(api)
      const client = await connectClient(url, resources, {
        transports: ['websocket'],
        extraHeaders: caller.headers,
      })
      await expectGoodService(
        async () => {
          const ended = new Promise((resolve) => client.socket.once('execution_complete', resolve))
          client.socket.emit('execute_code', { code: 'print(1)', language: 'python' })
          expect(await ended).toMatchObject({ status: 'completed' })
        },
        () => startFlood(ofStream({ ...flooder, bytes: STREAM_FLOODS[name] ?? Buffer.alloc(0) })),
      )
    },
  )

  test.for(Object.keys(SOCKET_IO_FLOODS))(
    '/v1/stream takes programs while socket.io is flooded with %s',
    async (name, { house }) => {
      const { url, flooder, caller } = house
      const { socket, frames: received, send } = await openStream(url, caller.headers)
      const answerTo = async (frame: object): Promise<unknown> => {
        received.length = 0
        send(frame)
        while (received.length === 0) await once(socket, 'message')
        return received[0]
      }
      await expectGoodService(
        async () => {
          const accepted = await answerTo(SUBMIT)
          expect(accepted).toMatchObject({ type: 'accepted' })
          const { job } = serverFrameSchema.options[0].parse(accepted)
          expect(await answerTo({ type: 'cancel', jobId: job.id })).toMatchObject({ type: 'ok' })
        },
        () => startFlood(ofSocketIo({ ...flooder, bytes: SOCKET_IO_FLOODS[name] ?? Buffer.alloc(0) })),
      )
      socket.terminate()
    },
  )
})

describe('A client that floods', () => {
  test('with bad frames is closed with 1008 and a reason', async ({ house }) => {
    const { url, caller } = house
    const { socket, frames: received, send } = await openStream(url, caller.headers)
    const closed = once(socket, 'close')
    for (let n = 0; n < 3_000; n += 1) send('x')
    const [code, reason] = await closed
    expect([code, String(reason)]).toEqual([1008, '100 frames in a row could not be read: see their errors'])
    expect(received.length).toBe(100)
    expect(received.every(({ type }) => type === 'error')).toBe(true)
  })

  test('with messages to a socket that reads none is closed with 1008', async ({ house }) => {
    const { api, url, caller } = house
    const id = await submitAs(api, caller)
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/jobs/${id}/events`, { headers: caller.headers })
    await once(socket, 'open')
    const closed = once(socket, 'close')
    for (let n = 0; n < 3_000; n += 1) socket.send('x')
    const [code, reason] = await closed
    expect([code, String(reason)]).toEqual([
      1008,
      'Nothing is read from this socket, and it sent more than 100 messages',
    ])
  })

  test.for([
    ['/v1/stream', ofStream, frames({ type: 'ping' })],
    ['/v1/stream with pings of the protocol', ofStream, many(toFrame('x', 0x89))],
    ['socket.io', ofSocketIo, many(toFrame('42["execute_code",{}]'))],
    ['socket.io with namespaces', ofSocketIo, many(toFrame('40/other,'))],
  ] as const)(
    'on %s and never reads is cut, and holds little memory until then',
    async ([, toFlood, bytes], { house }) => {
      const { api, flooder } = house
      const sockets = new Set<{ readonly writableLength: number }>()
      api.app.server.on('connection', (socket) => sockets.add(socket))
      await using flood = await startFlood({ ...toFlood({ ...flooder, bytes }), reads: false })
      let mostWaiting = 0
      await eventually(
        () => {
          for (const { writableLength } of sockets) mostWaiting = Math.max(mostWaiting, writableLength)
          return flood.closed() >= 3
        },
        { everyMs: 5, withinMs: 20_000 },
      )
      expect(mostWaiting).toBeLessThan(1024 * 1024)
    },
  )
})
