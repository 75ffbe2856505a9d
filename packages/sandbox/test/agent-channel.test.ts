import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAgentChannel, type StreamEvent } from '../src/agent-channel.ts'
import { encodeFrame, encodeJsonFrame, RESPONSE } from '../src/protocol.ts'
import { cut } from './cut.ts'

const READY = { protocol: 2, cgroup: 'v2', warm: true }
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

/** A channel whose agent is the test; closing it is noted. */
const open = () => {
  let isOpen = true
  const channel = createAgentChannel({
    write: () => {},
    end: () => {},
    close: () => {
      isOpen = false
    },
  })
  const heard: StreamEvent[] = []
  void channel.nextReady()
  channel.received(encodeJsonFrame(RESPONSE.ready, 0, READY))
  channel.listen(2, 10, (event) => heard.push(event))
  return { channel, heard, isOpen: () => isOpen }
}

const deep = (levels: number): Buffer =>
  Buffer.from(
    JSON.stringify({ ...REPORT, hits: 0 }).replace('"hits":0', `"hits":${'['.repeat(levels)}${']'.repeat(levels)}`),
  )

const lies: [string, Buffer][] = [
  ['sends more output than its credit', encodeFrame(RESPONSE.stdout, 2, Buffer.alloc(11))],
  ['speaks of a stream nobody opened', encodeFrame(RESPONSE.stdout, 9, Buffer.alloc(1))],
  ['sends a frame of an unknown kind', encodeFrame(99, 2)],
  ['sends a worker’s frame back', encodeFrame(1, 2)],
  ['greets twice', encodeJsonFrame(RESPONSE.ready, 0, READY)],
  ['announces a frame of 4 GiB', Buffer.from([0xff, 0xff, 0xff, 0xff, 65, 0, 0, 0, 2])],
  ['sends a report that is not JSON', encodeFrame(RESPONSE.exit, 2, Buffer.from('{"code"'))],
  ['sends a report with a field of its own', encodeJsonFrame(RESPONSE.exit, 2, { ...REPORT, tenant: 'x' })],
  ['sends a report with __proto__', encodeFrame(RESPONSE.exit, 2, Buffer.from('{"__proto__": {"code": 1}}'))],
  ['reports an exit code of 999', encodeJsonFrame(RESPONSE.exit, 2, { ...REPORT, code: 999 })],
  ['reports a negative time', encodeJsonFrame(RESPONSE.exit, 2, { ...REPORT, wallMs: -1 })],
  [
    'reports a peak beyond all numbers',
    encodeFrame(
      RESPONSE.exit,
      2,
      Buffer.from(JSON.stringify(REPORT).replace('"peakMemoryBytes":1', '"peakMemoryBytes":1e400')),
    ),
  ],
  ['reports an unknown limit', encodeJsonFrame(RESPONSE.exit, 2, { ...REPORT, limit: 'moon' })],
  ['reports a time beyond all clocks', encodeJsonFrame(RESPONSE.exit, 2, { ...REPORT, cpuMs: 1e300 })],
  ['reports more memory than there is', encodeJsonFrame(RESPONSE.exit, 2, { ...REPORT, peakMemoryBytes: 2 ** 52 })],
  ['reports limits that are lists of lists without end', encodeFrame(RESPONSE.exit, 2, deep(20_000))],
  ['fails with ten thousand words', encodeJsonFrame(RESPONSE.error, 2, { message: 'x'.repeat(10_000) })],
  ['fails without a word', encodeFrame(RESPONSE.error, 2)],
  ['sends output of no bytes', encodeFrame(RESPONSE.stdout, 2)],
  ['begins twice', Buffer.concat([encodeFrame(RESPONSE.done, 2), encodeFrame(RESPONSE.done, 2)])],
  ['grants nothing', encodeFrame(RESPONSE.grant, 2, Buffer.alloc(4))],
  ['grants with three bytes', encodeFrame(RESPONSE.grant, 2, Buffer.alloc(3))],
]

describe('A channel to an agent', () => {
  it.each(lies)('is closed when the agent %s, and whoever listens is told', async (_lie, bytes) => {
    const { channel, heard, isOpen } = open()
    channel.received(bytes)
    expect(isOpen()).toBe(false)
    expect((await channel.closed).message).toContain('broke the protocol')
    expect(heard.some(({ type }) => type === 'exited')).toBe(false)
    expect(heard.at(-1)?.type).toBe('failed')
  })

  it('hears nothing after the report: a second one, or output, closes it', async () => {
    for (const after of [encodeJsonFrame(RESPONSE.exit, 2, REPORT), encodeFrame(RESPONSE.stdout, 2, Buffer.alloc(1))]) {
      const { channel, heard, isOpen } = open()
      channel.received(encodeJsonFrame(RESPONSE.exit, 2, REPORT))
      channel.received(after)
      expect(isOpen()).toBe(false)
      expect(heard.map(({ type }) => type)).toEqual(['exited'])
    }
  })

  it('takes output up to its credit, and more when more is given', () => {
    const { channel, heard, isOpen } = open()
    channel.received(encodeFrame(RESPONSE.stdout, 2, Buffer.alloc(10)))
    channel.giveCredit(2, 5)
    channel.received(encodeFrame(RESPONSE.stderr, 2, Buffer.alloc(5)))
    expect(isOpen()).toBe(true)
    expect(heard).toHaveLength(2)
  })

  it('makes of any frames, however they are split, the same events: at most one ending, and no more output than credit', () => {
    const json = fc.oneof(fc.constant(REPORT), fc.constant(READY), fc.record({ message: fc.string() }), fc.jsonValue())
    const payload = fc.oneof(
      json.map((value) => Buffer.from(JSON.stringify(value))),
      fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
    )
    const kind = fc.oneof(fc.constantFrom(...Object.values(RESPONSE)), fc.nat(255))
    const frame = fc
      .tuple(kind, fc.constantFrom(0, 1, 2, 2, 2, 2, 3), payload)
      .map(([of, stream, bytes]) => encodeFrame(of, stream, bytes))
    const hear = (chunks: readonly Buffer[]) => {
      const { channel, heard } = open()
      for (const chunk of chunks) channel.received(chunk)
      return heard.map((event) => (event.type === 'failed' ? { type: event.type } : event))
    }
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(2_000)), (frames, places) => {
        const bytes = Buffer.concat(frames)
        const heard = hear([bytes])
        expect(hear(cut(bytes, places))).toEqual(heard)
        const endings = heard.filter(({ type }) => type === 'exited' || type === 'failed')
        expect(endings.length).toBeLessThanOrEqual(1)
        if (endings.length === 1) expect(heard.at(-1)).toBe(endings[0])
        const printed = heard.reduce((sum, event) => sum + (event.type === 'output' ? event.bytes.length : 0), 0)
        expect(printed).toBeLessThanOrEqual(10)
      }),
      { numRuns: 500 },
    )
  })

  it('says that it is ready only when the agent speaks the same protocol', async () => {
    const channel = createAgentChannel({ write: () => {}, end: () => {}, close: () => {} })
    const ready = channel.nextReady()
    channel.received(encodeJsonFrame(RESPONSE.ready, 0, { ...READY, protocol: READY.protocol + 1 }))
    await expect(ready).rejects.toThrow('broke the protocol')
  })
})
