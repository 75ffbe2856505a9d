import { describe, expect, it } from 'vitest'
import { createAgentChannel, type StreamEvent } from '../src/agent-channel.ts'
import { encodeFrame, encodeJsonFrame, REPLY } from '../src/protocol.ts'

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
  channel.received(encodeJsonFrame(REPLY.ready, 0, READY))
  channel.listen(2, 10, (event) => heard.push(event))
  return { channel, heard, isOpen: () => isOpen }
}

const lies: [string, Buffer][] = [
  ['sends more output than its credit', encodeFrame(REPLY.stdout, 2, Buffer.alloc(11))],
  ['speaks of a stream nobody opened', encodeFrame(REPLY.stdout, 9, Buffer.alloc(1))],
  ['sends a frame of an unknown kind', encodeFrame(99, 2)],
  ['sends a worker’s frame back', encodeFrame(1, 2)],
  ['greets twice', encodeJsonFrame(REPLY.ready, 0, READY)],
  ['announces a frame of 4 GiB', Buffer.from([0xff, 0xff, 0xff, 0xff, 65, 0, 0, 0, 2])],
  ['sends a report that is not JSON', encodeFrame(REPLY.exit, 2, Buffer.from('{"code"'))],
  ['sends a report with a field of its own', encodeJsonFrame(REPLY.exit, 2, { ...REPORT, tenant: 'x' })],
  ['sends a report with __proto__', encodeFrame(REPLY.exit, 2, Buffer.from('{"__proto__": {"code": 1}}'))],
  ['reports an exit code of 999', encodeJsonFrame(REPLY.exit, 2, { ...REPORT, code: 999 })],
  ['reports a negative time', encodeJsonFrame(REPLY.exit, 2, { ...REPORT, wallMs: -1 })],
  [
    'reports a peak beyond all numbers',
    encodeFrame(
      REPLY.exit,
      2,
      Buffer.from(JSON.stringify(REPORT).replace('"peakMemoryBytes":1', '"peakMemoryBytes":1e400')),
    ),
  ],
  ['reports an unknown limit', encodeJsonFrame(REPLY.exit, 2, { ...REPORT, limit: 'moon' })],
  ['grants with three bytes', encodeFrame(REPLY.grant, 2, Buffer.alloc(3))],
]

describe('A channel to an agent', () => {
  it.each(lies)('is closed when the agent %s, and whoever listens is told', async (_lie, bytes) => {
    const { channel, heard, isOpen } = open()
    channel.received(bytes)
    expect(isOpen()).toBe(false)
    expect((await channel.closed).message).toContain('broke the protocol')
    expect(heard.some(({ type }) => type === 'exited')).toBe(false)
  })

  it('hears nothing after the report: a second one, or output, closes it', async () => {
    for (const after of [encodeJsonFrame(REPLY.exit, 2, REPORT), encodeFrame(REPLY.stdout, 2, Buffer.alloc(1))]) {
      const { channel, heard, isOpen } = open()
      channel.received(encodeJsonFrame(REPLY.exit, 2, REPORT))
      channel.received(after)
      expect(isOpen()).toBe(false)
      expect(heard.map(({ type }) => type)).toEqual(['exited'])
    }
  })

  it('takes output up to its credit, and more when more is given', () => {
    const { channel, heard, isOpen } = open()
    channel.received(encodeFrame(REPLY.stdout, 2, Buffer.alloc(10)))
    channel.giveCredit(2, 5)
    channel.received(encodeFrame(REPLY.stderr, 2, Buffer.alloc(5)))
    expect(isOpen()).toBe(true)
    expect(heard).toHaveLength(2)
  })

  it('says that it is ready only when the agent speaks the same protocol', async () => {
    const channel = createAgentChannel({ write: () => {}, end: () => {}, close: () => {} })
    const ready = channel.nextReady()
    channel.received(encodeJsonFrame(REPLY.ready, 0, { ...READY, protocol: READY.protocol + 1 }))
    await expect(ready).rejects.toThrow('broke the protocol')
  })
})
