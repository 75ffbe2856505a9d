import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAgentConnection, type StreamEvent } from '../src/agent/connection.ts'
import { encodeFrame, encodeJsonFrame } from '../src/agent/frames.ts'
import { RESPONSE } from '../src/agent/protocol.ts'
import { cut } from './cut.ts'
import { reasonOf } from './reason-of.ts'

const READY = { protocol: 9, cgroup: 'v2', warm: true }
const REPORT = {
  code: 0,
  signal: null,
  wallMs: 1,
  cpuMs: 1,
  peakMemoryBytes: 1,
  oomKilled: false,
  limit: null,
  hits: [],
}

/** A connection to an agent that the test plays. */
const open = () => {
  let isOpen = true
  const connection = createAgentConnection({
    write: () => {},
    end: () => {},
    close: () => {
      isOpen = false
    },
  })
  const events: StreamEvent[] = []
  void connection.nextReady()
  connection.received(encodeJsonFrame(RESPONSE.ready, 0, READY))
  connection.listen(2, 10, (event) => events.push(event))
  return { connection, events, isOpen: () => isOpen }
}

/** A report with one more field. */
const withField = (field: string): Buffer =>
  encodeFrame(RESPONSE.exit, 2, Buffer.from(`${JSON.stringify(REPORT).slice(0, -1)},${field}}`))

const deep = (levels: number): Buffer =>
  Buffer.from(
    JSON.stringify({ ...REPORT, hits: 0 }).replace('"hits":0', `"hits":${'['.repeat(levels)}${']'.repeat(levels)}`),
  )

const lies: [lie: string, bytes: Buffer, reason: string][] = [
  [
    'sends more output than its credit',
    encodeFrame(RESPONSE.stdout, 2, Buffer.alloc(11)),
    'The agent sent more output than it was given credit for',
  ],
  [
    'sends a frame of a stream that is not open',
    encodeFrame(RESPONSE.stdout, 9, Buffer.alloc(1)),
    'The agent sent a frame of stream 9, which is not open',
  ],
  ['sends a frame of an unknown kind', encodeFrame(99, 2), 'The agent sent a frame of the unknown kind 99'],
  ['sends a worker’s frame back', encodeFrame(1, 2), 'The agent sent a frame of the unknown kind 1'],
  [
    'says twice that it is ready',
    encodeJsonFrame(RESPONSE.ready, 0, READY),
    'The agent sent a frame of stream 0, which is not open',
  ],
  [
    'announces a frame of 4 GiB',
    Buffer.from([0xff, 0xff, 0xff, 0xff, 65, 0, 0, 0, 2]),
    'The agent announced a frame of 4294967295 bytes',
  ],
  [
    'sends a report that is not JSON',
    encodeFrame(RESPONSE.exit, 2, Buffer.from('{"code"')),
    'The agent sent a report that is not JSON',
  ],
  [
    'sends a report with a field of its own',
    encodeJsonFrame(RESPONSE.exit, 2, { ...REPORT, tenant: 'x' }),
    'unrecognized_keys',
  ],
  [
    'prints after its end',
    Buffer.concat([encodeFrame(RESPONSE.end, 2), encodeFrame(RESPONSE.stdout, 2, Buffer.alloc(1))]),
    'The agent sent output after its end',
  ],
  [
    'ends its output twice',
    Buffer.concat([encodeFrame(RESPONSE.end, 2), encodeFrame(RESPONSE.end, 2)]),
    'The agent ended its output twice',
  ],
  ['says a port that there is not', encodeJsonFrame(RESPONSE.listening, 2, { ports: [65_536] }), 'ports 0 too_big'],
  ['says ports twice, or in disorder', encodeJsonFrame(RESPONSE.listening, 2, { ports: [80, 80] }), 'ports custom'],
  [
    'says more ports than there may be',
    encodeJsonFrame(RESPONSE.listening, 2, { ports: Array.from({ length: 257 }, (_, at) => at + 1) }),
    'ports too_big',
  ],
  [
    'closes a connection and does not say how',
    encodeFrame(RESPONSE.closed, 2),
    'The agent sent a report that is not JSON',
  ],
  ['sends a report with __proto__', withField('"__proto__":{"code":1}'), 'unrecognized_keys'],
  ['reports an exit code of 999', encodeJsonFrame(RESPONSE.exit, 2, { ...REPORT, code: 999 }), 'code too_big'],
  ['reports a negative time', encodeJsonFrame(RESPONSE.exit, 2, { ...REPORT, wallMs: -1 }), 'wallMs too_small'],
  [
    'reports a peak beyond all numbers',
    encodeFrame(
      RESPONSE.exit,
      2,
      Buffer.from(JSON.stringify(REPORT).replace('"peakMemoryBytes":1', '"peakMemoryBytes":1e400')),
    ),
    'peakMemoryBytes invalid_type',
  ],
  ['reports an unknown limit', encodeJsonFrame(RESPONSE.exit, 2, { ...REPORT, limit: 'moon' }), 'limit invalid_value'],
  ['reports a time beyond all clocks', encodeJsonFrame(RESPONSE.exit, 2, { ...REPORT, cpuMs: 1e300 }), 'cpuMs too_big'],
  [
    'reports more memory than there is',
    encodeJsonFrame(RESPONSE.exit, 2, { ...REPORT, peakMemoryBytes: 2 ** 52 }),
    'peakMemoryBytes too_big',
  ],
  [
    'reports limits that are lists of lists without end',
    encodeFrame(RESPONSE.exit, 2, deep(20_000)),
    'hits 0 invalid_value',
  ],
  [
    'fails with a message of ten thousand characters',
    encodeJsonFrame(RESPONSE.error, 2, { message: 'x'.repeat(10_000) }),
    'message too_big',
  ],
  ['fails without a message', encodeFrame(RESPONSE.error, 2), 'The agent sent a report that is not JSON'],
  ['sends output of no bytes', encodeFrame(RESPONSE.stdout, 2), 'The agent sent output of no bytes'],
  [
    'says twice that the program has started',
    Buffer.concat([encodeFrame(RESPONSE.done, 2), encodeFrame(RESPONSE.done, 2)]),
    'The agent said twice that the program has started',
  ],
  [
    'grants nothing',
    encodeFrame(RESPONSE.grant, 2, Buffer.alloc(4)),
    'The agent sent a grant that is not a number of bytes',
  ],
  [
    'grants with three bytes',
    encodeFrame(RESPONSE.grant, 2, Buffer.alloc(3)),
    'The agent sent a grant that is not a number of bytes',
  ],
]

describe('A connection to an agent', () => {
  it.each(lies)('is closed when the agent %s, and its listener gets a failure', async (_lie, bytes, reason) => {
    const { connection, events, isOpen } = open()
    connection.received(bytes)
    expect(isOpen()).toBe(false)
    const closed = await connection.closed
    expect([closed.message, reasonOf(closed)]).toEqual(['The agent broke the protocol', reason])
    expect(events.filter(({ type }) => type !== 'done' && type !== 'ended')).toEqual([
      { type: 'failed', error: closed },
    ])
  })

  it('takes nothing after the report: a second report, or output, closes it', async () => {
    for (const after of [encodeJsonFrame(RESPONSE.exit, 2, REPORT), encodeFrame(RESPONSE.stdout, 2, Buffer.alloc(1))]) {
      const { connection, events, isOpen } = open()
      connection.received(encodeJsonFrame(RESPONSE.exit, 2, REPORT))
      connection.received(after)
      expect(isOpen()).toBe(false)
      expect(events).toEqual([{ type: 'exited', report: REPORT }])
      expect(reasonOf(await connection.closed)).toBe('The agent sent a frame of stream 2, which is not open')
    }
  })

  it('takes output up to its credit, and more when more is given', () => {
    const { connection, events, isOpen } = open()
    connection.received(encodeFrame(RESPONSE.stdout, 2, Buffer.alloc(10)))
    connection.giveCredit(2, 5)
    connection.received(encodeFrame(RESPONSE.stderr, 2, Buffer.alloc(5)))
    expect(isOpen()).toBe(true)
    expect(events).toEqual([
      { type: 'output', stream: 'stdout', bytes: Buffer.alloc(10) },
      { type: 'output', stream: 'stderr', bytes: Buffer.alloc(5) },
    ])
  })

  it('gives the same events for the same frames, however they are split: one end at most, and no more output than credit', () => {
    const json = fc.oneof(fc.constant(REPORT), fc.constant(READY), fc.record({ message: fc.string() }), fc.jsonValue())
    const payload = fc.oneof(
      json.map((value) => Buffer.from(JSON.stringify(value))),
      fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
    )
    const kind = fc.oneof(fc.constantFrom(...Object.values(RESPONSE)), fc.nat(255))
    const frame = fc
      .tuple(kind, fc.constantFrom(0, 1, 2, 2, 2, 2, 3), payload)
      .map(([of, stream, bytes]) => encodeFrame(of, stream, bytes))
    const receive = (chunks: readonly Buffer[]) => {
      const { connection, events } = open()
      for (const chunk of chunks) connection.received(chunk)
      return events.map((event) => (event.type === 'failed' ? { type: event.type } : event))
    }
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(2_000)), (frames, places) => {
        const bytes = Buffer.concat(frames)
        const events = receive([bytes])
        expect(receive(cut(bytes, places))).toEqual(events)
        const ends = events.filter(({ type }) => type === 'exited' || type === 'failed')
        expect(ends.length).toBeLessThanOrEqual(1)
        if (ends.length === 1) expect(events.at(-1)).toBe(ends[0])
        const printed = events.reduce((sum, event) => sum + (event.type === 'output' ? event.bytes.length : 0), 0)
        expect(printed).toBeLessThanOrEqual(10)
      }),
      { numRuns: 500 },
    )
  })

  it('is ready only if the agent uses the same version of the protocol', async () => {
    const connection = createAgentConnection({ write: () => {}, end: () => {}, close: () => {} })
    const ready = connection.nextReady()
    connection.received(encodeJsonFrame(RESPONSE.ready, 0, { ...READY, protocol: READY.protocol + 1 }))
    await expect(ready).rejects.toThrow('The agent broke the protocol')
    expect(reasonOf(await connection.closed)).toBe('protocol invalid_value')
  })
})
