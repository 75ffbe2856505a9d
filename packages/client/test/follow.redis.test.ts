import { setImmediate as endOfTurn } from 'node:timers/promises'
import { eventually, heldBytes } from '@runnel/testing'
import { describe, expect } from 'vitest'
import { startApi } from '../../../apps/api/test/api.ts'
import { type ConnectionChange, type JobEvent, RunnelFollowError, type Transport } from '../src/index.ts'
import { clientTest as test } from './client-test.ts'

const collect = async (events: AsyncIterable<JobEvent>): Promise<JobEvent[]> => {
  const all: JobEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

const idsOf = (events: readonly JobEvent[]): string[] => events.map(({ id }) => id)
const textOf = (events: readonly JobEvent[]): string =>
  events.map((event) => (event.type === 'stdout' ? event.data : '')).join('')

const LINES = Array.from({ length: 12 }, (_, n) => `line ${n}`)
const LINE_BY_LINE = LINES.map((line) => `out ${line}\nsleep 20`).join('\n')

describe('follow', () => {
  test.for<Transport>(['websocket', 'ndjson'])(
    'continues by itself after each broken connection, without gap or repeat, by %s',
    async (transport, { start }) => {
      const { url, gate, connect } = await start()
      const runnel = connect()
      const typist = connect({ baseUrl: url })
      const { id } = await runnel.jobs.submit({ language: 'python', code: 'input', interactive: true })
      const changes: ConnectionChange[] = []
      const events: JobEvent[] = []
      const lines = ['one\n', 'two\n', 'three\n', 'four\n']
      const typed: Promise<void>[] = []
      // The program prints what is typed. Each time the connection is there, one more line is.
      const onConnection = (change: ConnectionChange): void => {
        changes.push(change)
        const data = change.state === 'open' || change.state === 'resumed' ? lines.shift() : undefined
        if (data !== undefined) typed.push(typist.jobs.sendInput(id, { data, end: lines.length === 0 }))
      }
      for await (const event of runnel.jobs.follow(id, { transport, onConnection })) {
        events.push(event)
        if (event.type === 'stdout') gate.cut()
      }
      await Promise.all(typed)
      expect(textOf(events)).toBe('one\ntwo\nthree\nfour\n')
      expect(idsOf(events)).toEqual(['0-1', '1-1', '1-2', '1-3', '1-4', '1-5', '1-6'])
      const states = changes.map(({ state }) => state)
      expect(states.slice(0, 8)).toEqual([
        'connecting',
        'open',
        'lost',
        'resumed',
        'lost',
        'resumed',
        'lost',
        'resumed',
      ])
      expect([...new Set(changes.map((change) => change.transport))]).toEqual([transport])
      expect(changes[2]?.retryInMs).toBeLessThanOrEqual(250)
    },
  )

  test('continues when the API restarts in the middle', async ({ start, redisUrl, prefix, resources }) => {
    const { api, url, connect } = await start()
    const runnel = connect()
    const { id } = await runnel.jobs.submit({
      language: 'python',
      code: 'out before\ninput\nout after',
      interactive: true,
    })
    const changes: string[] = []
    const following = collect(runnel.jobs.follow(id, { onConnection: ({ state }) => changes.push(state) }))
    await eventually(() => expect(changes).toEqual(['connecting', 'open']))
    await api.app.close()
    await eventually(() => expect(changes.at(-1)).toBe('lost'))
    const next = await startApi({ redisUrl, prefix, resources })
    await next.app.listen({ host: '127.0.0.1', port: Number(new URL(url).port) })
    runnel.reconnect()
    await eventually(() => expect(changes.at(-1)).toBe('resumed'))
    await runnel.jobs.sendInput(id, { data: 'typed\n', end: true })
    expect(textOf(await following)).toBe('before\ntyped\nafter\n')
  })

  test('falls back to NDJSON where WebSockets are refused, and says so', async ({ start }) => {
    const { gate, connect } = await start()
    gate.refuseSockets()
    const runnel = connect()
    const { id } = await runnel.jobs.submit({ language: 'python', code: LINE_BY_LINE })
    const changes: ConnectionChange[] = []
    const events = await collect(runnel.jobs.follow(id, { onConnection: (change) => changes.push(change) }))
    expect(textOf(events)).toBe(`${LINES.join('\n')}\n`)
    expect(changes).toEqual([
      { state: 'connecting', transport: 'websocket' },
      { state: 'open', transport: 'ndjson' },
    ])
  })

  test.for<Transport>(['websocket', 'ndjson'])(
    'keeps 1 MB at most of a flood for a slow consumer, and gives it all in the end, by %s',
    async (transport, { start }) => {
      const LINES_OF_FLOOD = 8 * 1024
      const { api, connect } = await start()
      const runnel = connect()
      const before = await heldBytes()
      const { id } = await runnel.jobs.submit({ language: 'python', code: `flood ${LINES_OF_FLOOD}` })
      let bytes = 0
      let held: number | undefined
      for await (const event of runnel.jobs.follow(id, { transport })) {
        if (event.type !== 'stdout') continue
        bytes += event.data.length
        if (held === undefined) {
          // The whole flood is in Redis, and this consumer has taken one event of it.
          await eventually(async () => (await api.backend.subscriber.summary(id))?.status === 'finished', {
            withinMs: 20_000,
          })
          held = (await heldBytes()) - before
        }
        await endOfTurn()
      }
      expect(bytes).toBe(LINES_OF_FLOOD * 1024)
      expect(held).toBeLessThan(4 * 1024 * 1024)
    },
  )

  test('shares one WebSocket among 64 jobs, and opens another for more', async ({ start }) => {
    const { api, connect } = await start()
    const runnel = connect()
    const codes = Array.from({ length: 70 }, (_, n) => `out I am ${n}`)
    const jobs = await Promise.all(codes.map((code) => runnel.jobs.submit({ language: 'python', code })))
    let sockets = 0
    const texts = await Promise.all(
      jobs.map(async ({ id }) => {
        const events = await collect(runnel.jobs.follow(id))
        sockets = Math.max(sockets, api.app.websocketServer.clients.size)
        return textOf(events)
      }),
    )
    expect(texts).toEqual(codes.map((code) => `${code.slice(4)}\n`))
    expect(sockets).toBe(2)
    // Nobody uses them any more, so a program that is done can end.
    await eventually(() => expect(api.app.websocketServer.clients.size).toBe(0))
  })

  test('gives two followers of one job all of its events', async ({ start }) => {
    const { connect } = await start()
    const runnel = connect()
    const { id } = await runnel.jobs.submit({ language: 'python', code: LINE_BY_LINE })
    const [one, other] = await Promise.all([collect(runnel.jobs.follow(id)), collect(runnel.jobs.follow(id))])
    expect(textOf(one)).toBe(`${LINES.join('\n')}\n`)
    expect(other).toEqual(one)
  })

  test.for<Transport>(['websocket', 'ndjson'])(
    'starts after a given event, and ends at once after the last one, by %s',
    async (transport, { start }) => {
      const { connect } = await start()
      const runnel = connect()
      const { id } = await runnel.jobs.submit({ language: 'python', code: 'out a' })
      const all = await collect(runnel.jobs.follow(id, { transport }))
      expect(idsOf(all)).toEqual(['0-1', '1-1', '1-2', '1-3'])
      expect(await collect(runnel.jobs.follow(id, { transport, after: '1-1' }))).toEqual(all.slice(2))
      expect(await collect(runnel.jobs.follow(id, { transport, after: '1-3' }))).toEqual([])
    },
  )

  test('ends with the reason of its signal, and the job goes on', async ({ start }) => {
    const { connect } = await start()
    const runnel = connect()
    const { id } = await runnel.jobs.submit({ language: 'python', code: 'out a\nwait' })
    const stopping = new AbortController()
    const reason = new Error('enough')
    const follow = async () => {
      for await (const { type } of runnel.jobs.follow(id, { signal: stopping.signal })) {
        if (type === 'stdout') stopping.abort(reason)
      }
    }
    await expect(follow()).rejects.toBe(reason)
    expect((await runnel.jobs.get(id)).status).toBe('running')
    await runnel.jobs.cancel(id)
    expect((await collect(runnel.jobs.follow(id))).at(-1)).toMatchObject({ outcome: { type: 'canceled' } })
  })

  test('gives up when the API stays away, and says after which event', async ({ start }) => {
    const { gate, connect } = await start()
    const runnel = connect()
    const { id } = await runnel.jobs.submit({ language: 'python', code: 'out a\nwait' })
    const follow = async () => {
      for await (const { type } of runnel.jobs.follow(id, { giveUpAfterMs: 600 })) if (type === 'stdout') gate.close()
    }
    const error = await follow().catch((thrown: unknown) => thrown)
    if (!(error instanceof RunnelFollowError)) throw error
    expect([error.jobId, error.lastEventId]).toEqual([id, '1-2'])
    expect(error.message).toContain('could not be reached again for 600 ms')
    gate.open()
    await runnel.jobs.cancel(id)
    expect(idsOf(await collect(runnel.jobs.follow(id, { after: error.lastEventId })))).toEqual(['1-3'])
  })
})
