import { once } from 'node:events'
import { redisTest } from '@runnel/redis/testing'
import { eventually } from '@runnel/testing'
import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { WebSocket } from 'ws'
import { expectNothingOfOurs } from './answers.ts'
import { openFrameSocket } from './frame-socket.ts'
import { framesFor, type Sent } from './frames.ts'
import { expectGoodService, openHouse } from './house.ts'
import { openRawConnection } from './raw-connection.ts'
import { fuzzTimeout, runs } from './runs.ts'

const EXCHANGES = 150
const FRAMES = 20

const test = redisTest.extend('house', ({ redisUrl, prefix, resources }) => openHouse({ redisUrl, prefix, resources }))

const text = (data: string): Sent => ({ data: Buffer.from(data), isBinary: false, pieces: 1 })

const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

const frameOf = (first: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload])

/** Frames against the protocol, and the code with which the server closes. */
const BROKEN: readonly [what: string, code: number, bytes: Buffer][] = [
  ['text that is not UTF-8', 1007, frameOf(0x81, Buffer.from([0xff, 0xfe]))],
  ['a reserved bit', 1002, frameOf(0xc1, Buffer.from('{}'))],
  ['an unknown opcode', 1002, frameOf(0x83, Buffer.alloc(0))],
  ['an end without a start', 1002, frameOf(0x80, Buffer.from('{}'))],
  ['a ping in pieces', 1002, frameOf(0x09, Buffer.alloc(0))],
  ['half a close code', 1002, frameOf(0x88, Buffer.from([3]))],
  ['a ping that is too long', 1002, Buffer.concat([Buffer.from([0x89, 0xfe, 0, 200, 0, 0, 0, 0]), Buffer.alloc(200)])],
  ['a frame without a mask', 1002, Buffer.from([0x81, 0x02, 0x7b, 0x7d])],
  ['a frame longer than any', 1009, Buffer.concat([Buffer.from([0x81, 0xff]), Buffer.alloc(8, 0x7f), Buffer.alloc(4)])],
]

/**
 * The routes that this file makes frames for. A new WebSocket route needs its frames here too. Of a sandbox: its events run on what
 * those of a job run on, and its terminal is sent bad frames where there is one (apps/worker/test/sandboxes/http.e2e.test.ts).
 */
const SOCKETS = [
  '/v1/jobs/:id/events',
  '/v1/sandboxes/:id/commands/:command/events',
  '/v1/sandboxes/:id/terminal',
  '/v1/stream',
]

describe('Any input on a WebSocket', { timeout: fuzzTimeout }, () => {
  test('has its frames in this file', ({ house }) => {
    const sockets = house.routes.filter(({ wsHandler, websocket }) => wsHandler !== undefined || websocket === true)
    expect([...new Set(sockets.map(({ url }) => url))].toSorted()).toEqual(SOCKETS)
  })

  test('is answered frame by frame, with our own errors, and the socket stays open', async ({ house }) => {
    using stream = await openFrameSocket(house)
    const seen: Record<string, number> = {}
    await fc.assert(
      fc.asyncProperty(fc.array(framesFor(house), { minLength: 1, maxLength: FRAMES }), async (sent) => {
        const answers = await stream.exchange(sent)
        // The errors of subscriptions come in addition.
        expect(answers.length).toBeGreaterThanOrEqual(sent.length)
        for (const answer of answers) seen[answer.type] = (seen[answer.type] ?? 0) + 1
      }),
      runs(EXCHANGES),
    )
    // Some frames passed the checks and some did not.
    expect(Object.keys(seen).toSorted()).toEqual(['accepted', 'error', 'ok'])
    await expectGoodService(house)
  })

  test('is answered even in thousands, and the valid frames between them are served', async ({ house }) => {
    using stream = await openFrameSocket(house)
    const bad = fc.sample(framesFor(house), { seed: 1, numRuns: 2_000 })
    const good = text(JSON.stringify({ type: 'submit', ref: 'good', subscribe: false, job: { code: 'print(1)' } }))
    const sent = bad.flatMap((one, at) => (at % 200 === 0 ? [one, good] : [one]))
    const answers = await stream.exchange(sent)
    expect(answers.length).toBeGreaterThanOrEqual(sent.length)
    expect(answers.filter((answer) => answer.type === 'accepted' && answer.ref === 'good').length).toBe(10)
  })

  test('to follow a job is refused, and its events continue', async ({ house }) => {
    const { url, caller, reader, api } = house
    const { headers } = caller
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/jobs/${reader}/events`, { headers })
    const frames: { type: string }[] = []
    socket.on('message', (data) => {
      expectNothingOfOurs(String(data))
      frames.push(JSON.parse(String(data)))
    })
    await once(socket, 'open')
    const sent = fc.sample(framesFor(house), { seed: 2, numRuns: 100 })
    for (const { data, isBinary } of sent) socket.send(data, { binary: isBinary })
    await eventually(() => expect(frames.filter(({ type }) => type === 'error').length).toBe(sent.length))
    await api.app.inject({ method: 'DELETE', url: `/v1/jobs/${reader}`, headers })
    await once(socket, 'close')
    expect(frames.map(({ type }) => type).filter((type) => type !== 'error')).toEqual([
      'queued',
      'started',
      'stdout',
      'finished',
    ])
    await expectGoodService(house)
  })

  test('against the WebSocket protocol closes that socket, and no other', async ({ house }) => {
    using bystander = await openFrameSocket(house)
    const { host } = new URL(house.url)
    const { authorization } = house.caller.headers
    for (const [what, wanted, bytes] of BROKEN) {
      using connection = await openRawConnection(house.url)
      const head = ['GET /v1/stream HTTP/1.1', `Host: ${host}`, `Authorization: ${authorization}`, ...UPGRADE]
      connection.socket.write(`${head.join('\r\n')}\r\n\r\n`)
      await connection.read({ withinMs: 2_000, until: /^HTTP\/1\.1 101 / })
      connection.socket.write(bytes)
      const received = await connection.read({ withinMs: 2_000 })
      // The close frame says why, with a code of the protocol.
      const at = received.lastIndexOf('\x88')
      const code = Buffer.from(received.slice(at + 2, at + 4), 'latin1').readUInt16BE()
      expect([what, code]).toEqual([what, wanted])
    }
    expect((await bystander.exchange([text('{}')])).map(({ type }) => type)).toEqual(['error'])
    await expectGoodService(house)
  })
})
