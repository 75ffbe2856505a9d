import { once } from 'node:events'
import { jobSchema, PROGRAM, serverFrameSchema, tenantLimitsSchema } from '@runnel/contract/public'
import { openPrefix, redisTest } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { startApi } from '../api.ts'
import { openStream } from '../clients.ts'
import { holdKey, type KeyHolder, submitAs } from '../key-holder.ts'
import { connectClient } from '../socket-io/run-client.ts'
import type { Flood } from './flooder.ts'
import {
  compareMedians,
  createFlooder,
  many,
  ofBodies,
  ofPipelines,
  ofRequests,
  ofSocketIo,
  ofStream,
  toFrame,
} from './floods.ts'

/** An API, a flooder's key, and that of another caller. */
const openHouse = async (resources: AsyncDisposableStack, heartbeatMs: number) => {
  const { redisUrl, prefix } = resources.use(openPrefix())
  const api = await startApi({ redisUrl, prefix, resources, heartbeatMs })
  const url = await api.listen()
  const flooder = await holdKey(api, { tenant: 'flooder', scopes: ['submit', 'read'] })
  const caller = await holdKey(api, { tenant: 'caller', scopes: ['submit', 'read'] })
  await api.backend.tenants.set({ id: 'flooder', limits: tenantLimitsSchema.parse({ queued: 5 }) })
  return { api, url, flooder, caller }
}

/** All tests share one API. Those that need programs to run share another one, with a worker. */
const test = redisTest
  .extend('heartbeatMs', { scope: 'file' }, 300)
  .extend('house', { scope: 'file' }, async ({ heartbeatMs }, { onCleanup }) => {
    const resources = new AsyncDisposableStack()
    onCleanup(() => resources.disposeAsync())
    return openHouse(resources, heartbeatMs)
  })
  .extend('workingHouse', { scope: 'file' }, async ({ heartbeatMs }, { onCleanup }) => {
    const resources = new AsyncDisposableStack()
    onCleanup(() => resources.disposeAsync())
    const house = await openHouse(resources, heartbeatMs)
    await house.api.work(async ({ job, attempt }, publisher) => {
      const log = publisher.open(job.id, attempt)
      await log.start()
      await log.finish({ type: 'exited', exitCode: 0 }, null)
    })
    return house
  })
type House = Awaited<ReturnType<typeof openHouse>>

const TIMEOUT_MS = 60_000

const givenTo = ({ url }: House, { headers }: KeyHolder, bytes: Buffer | string) => ({
  url,
  authorization: headers.authorization,
  bytes: Buffer.from(bytes),
})

/** How much slower a call may be than without the flood. Before the bounds, each of these floods made one take from 100 ms to 20 s. */
const FACTOR = 3

const expectGoodService = async (call: () => Promise<unknown>, flood: Flood): Promise<void> => {
  const { quietMs, floodedMs } = await compareMedians(call, flood)
  const measured = `${quietMs} ms without the flood, ${floodedMs} ms with it`
  expect(floodedMs, measured).toBeLessThan(FACTOR * quietMs)
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
const DEEP = '['.repeat(1024 * 1024)
const UNKNOWN_JOB = `job_${'0'.repeat(32)}`

const frames = (frame: unknown): Buffer => many(toFrame(JSON.stringify(frame)))

const STREAM_FLOODS: Readonly<Record<string, Buffer>> = {
  'one byte in each frame': many(toFrame('x')),
  'binary frames': many(toFrame('{}', 0x82)),
  'valid frames that need nothing': frames({ type: 'ping' }),
  'frames about a job that is not there': frames({ type: 'subscribe', jobId: UNKNOWN_JOB }),
  'submissions, of which most are refused': frames(SUBMIT),
  'large submissions': toFrame(JSON.stringify({ ...SUBMIT, job: { code: LARGE_SOURCE } })),
  'large frames of many small values': toFrame(ONES),
  'large frames that are nested deeply': toFrame(DEEP),
}

const BODY_FLOODS: Readonly<Record<string, string>> = {
  'two million numbers': ONES,
  '200,000 unknown fields': KEYS,
  'a million nested lists': DEEP,
  'a megabyte of source without a language': JSON.stringify({ code: LARGE_SOURCE }),
}

const SOCKET_IO_FLOODS: Readonly<Record<string, Buffer>> = {
  'messages that are refused': many(toFrame('42["execute_code",{}]')),
  'programs of a megabyte': toFrame(`42${JSON.stringify(['execute_code', { code: LARGE_SOURCE }])}`),
  'messages of many small values': toFrame(`42["execute_code",${ONES}]`),
}

/** `isTaken` chooses from each list of floods by place. */
export const testFloods = (isTaken: (at: number) => boolean): void => {
  const chosen = <T>(list: readonly T[]): readonly T[] => list.filter((_flood, at) => isTaken(at))

  describe('Another caller is served as before', { timeout: TIMEOUT_MS }, () => {
    test.for(chosen(Object.keys(STREAM_FLOODS)))(
      'while three sockets flood /v1/stream with %s',
      async (name, { house }) => {
        const { api, url, flooder, caller } = house
        const id = await submitAs(api, caller)
        const flood = ofStream(givenTo(house, flooder, STREAM_FLOODS[name] ?? ''))
        await expectGoodService(() => readJob(url, caller, id), flood)
      },
    )

    test.for(chosen(Object.keys(BODY_FLOODS)))('while three clients send bodies with %s', async (name, { house }) => {
      const { api, url, flooder, caller } = house
      const id = await submitAs(api, caller)
      const flood = ofBodies(givenTo(house, flooder, BODY_FLOODS[name] ?? ''))
      await expectGoodService(() => readJob(url, caller, id), flood)
    })

    test('while three clients send requests and wait for no answer', async ({ house }) => {
      const { api, url, flooder, caller } = house
      const id = await submitAs(api, caller)
      await expectGoodService(() => readJob(url, caller, id), ofPipelines(givenTo(house, flooder, '')))
    })

    test('while a hundred clients ask again and again', async ({ house }) => {
      const { api, url, flooder, caller } = house
      const id = await submitAs(api, caller)
      await expectGoodService(() => readJob(url, caller, id), ofRequests(givenTo(house, flooder, '')))
    })

    test('even one of the same tenant', async ({ house }) => {
      const { api, url, caller } = house
      const id = await submitAs(api, caller)
      const flood = ofStream(givenTo(house, caller, frames({ type: 'ping' })))
      await expectGoodService(() => readJob(url, caller, id), flood)
    })
  })

  test('A tenant that sends more large bodies than can be read gets 429', async ({ house }) => {
    const { url, caller } = house
    const payload = JSON.stringify({ code: 'x = 1 # abc\n'.repeat(8 * 1024), language: 'python' })
    const send = async (): Promise<number> => {
      const response = await fetch(`${url}/v1/jobs`, {
        method: 'POST',
        headers: { ...caller.headers, 'content-type': 'application/json' },
        body: payload,
      })
      const answer = await response.text()
      if (response.status === 429)
        expect(answer).toMatch(/"Cannot read another body of more than 32768 bytes now: 20 of/)
      return response.status
    }
    const statuses = await Promise.all(Array.from({ length: 100 }, send))
    expect([...new Set(statuses)].toSorted()).toEqual([202, 429])
  })

  describe('Two libraries on one server', { timeout: TIMEOUT_MS }, () => {
    test.for(chosen(['large submissions', 'valid frames that need nothing']))(
      'socket.io runs programs while /v1/stream is flooded with %s',
      async (name, { workingHouse, resources }) => {
        const { url, flooder, caller } = workingHouse
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
          ofStream(givenTo(workingHouse, flooder, STREAM_FLOODS[name] ?? '')),
        )
      },
    )

    test.for(chosen(Object.keys(SOCKET_IO_FLOODS)))(
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
          ofSocketIo(givenTo(house, flooder, SOCKET_IO_FLOODS[name] ?? '')),
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

    test.for(
      chosen([
        ['/v1/stream', ofStream, frames({ type: 'ping' })],
        ['/v1/stream with pings of the protocol', ofStream, many(toFrame('x', 0x89))],
        ['socket.io', ofSocketIo, many(toFrame('42["execute_code",{}]'))],
        ['socket.io with namespaces', ofSocketIo, many(toFrame('40/other,'))],
      ] as const),
    )(
      'on %s and never reads is cut, and holds little memory until then',
      async ([, toFlood, bytes], { house, resources }) => {
        const { api, flooder } = house
        const sockets = new Set<{ readonly writableLength: number }>()
        const note = (socket: { readonly writableLength: number }) => void sockets.add(socket)
        api.app.server.on('connection', note)
        resources.defer(() => void api.app.server.off('connection', note))
        await using flooding = createFlooder({ ...toFlood(givenTo(house, flooder, bytes)), reads: false })
        await flooding.flood()
        let mostWaiting = 0
        await eventually(
          () => {
            for (const { writableLength } of sockets) mostWaiting = Math.max(mostWaiting, writableLength)
            return flooding.closed() >= 3
          },
          { everyMs: 5, withinMs: 20_000 },
        )
        expect(mostWaiting).toBeLessThan(1024 * 1024)
      },
    )
  })
}
