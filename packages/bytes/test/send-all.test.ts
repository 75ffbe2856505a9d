import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test as base, expect } from 'vitest'
import { giveBack, sendAll } from '../src/index.ts'

const PIECE_BYTES = 64 * 1024

async function* makePieces(count: number, made: Uint8Array[] = []): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at += 1) {
    const piece = new Uint8Array(PIECE_BYTES).fill(97 + (at % 26))
    made.push(piece)
    yield piece
  }
}

/** Both ends of an answer over HTTP. */
const test = base.extend<{ answer: { readonly sent: ServerResponse; readonly got: IncomingMessage } }>({
  answer: async ({ task: _ }, use) => {
    const [asked, answered] = [Promise.withResolvers<ServerResponse>(), Promise.withResolvers<IncomingMessage>()]
    const server = createServer((_, response) => asked.resolve(response)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const request = get({ host: '127.0.0.1', port: typeof address === 'object' ? address?.port : 0, agent: false })
    request.on('response', answered.resolve)
    const sent = await asked.promise
    sent.flushHeaders()
    const got = await answered.promise
    got.on('error', () => {})
    await use({ sent, got })
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  },
})

base('Bytes that are the whole of their buffer lose their memory, and parts of one keep it', () => {
  const whole = new Uint8Array(PIECE_BYTES)
  const part = new Uint8Array(PIECE_BYTES).subarray(1)
  giveBack(whole)
  giveBack(part)
  expect([whole.length, part.length]).toEqual([0, PIECE_BYTES - 1])
})

test('All bytes arrive, and each piece is given back', async ({ answer: { sent, got } }) => {
  const made: Uint8Array[] = []
  const [came] = await Promise.all([text(got), sendAll(makePieces(8, made), sent)])
  expect(came).toBe([...'abcdefgh'].map((letter) => letter.repeat(PIECE_BYTES)).join(''))
  expect(made.map(({ length }) => length)).toEqual(Array.from({ length: 8 }, () => 0))
})

test('Bytes that Node cut out of a buffer that others use arrive, and lose nothing', async ({
  answer: { sent, got },
}) => {
  // More than one such buffer: 64 KiB each in Node 24.
  const made = Array.from({ length: 30 }, (_, at) => Buffer.from('x'.repeat(9_000 + at)))
  const [came] = await Promise.all([text(got), sendAll(Readable.from(made), sent)])
  expect(came.length).toBe(made.reduce((sum, { length }) => sum + length, 0))
  expect(made.map(({ length }) => length)).toEqual(Array.from({ length: 30 }, (_, at) => 9_000 + at))
})

test('Parts of one buffer arrive, and it is given back when a part of the next one was sent', async ({
  answer: { sent, got },
}) => {
  const buffers = ['a', 'b', 'c'].map((letter) => new Uint8Array(PIECE_BYTES).fill(letter.charCodeAt(0)))
  const source = async function* () {
    for (const buffer of buffers) for (const at of [0, 1, 2]) yield buffer.subarray(at * 1_000, (at + 1) * 1_000)
  }
  const [came] = await Promise.all([text(got), sendAll(source(), sent)])
  expect(came).toBe(['a', 'b', 'c'].map((letter) => letter.repeat(3_000)).join(''))
  expect(buffers.map(({ length }) => length)).toEqual([0, 0, PIECE_BYTES])
})

test('A reader that takes nothing stops the source, and gets all when it reads', async ({ answer: { sent, got } }) => {
  const [made, count] = [[] as Uint8Array[], 250]
  const over = sendAll(makePieces(count, made), sent)
  while (!sent.writableNeedDrain) await new Promise(setImmediate)
  expect(made.length).toBeLessThan(count)
  let bytes = 0
  for await (const piece of got) bytes += piece.length
  expect(bytes).toBe(count * PIECE_BYTES)
  await over
})

test('An error of the source is thrown, and the answer stays open for what can be said of it', async ({
  answer: { sent, got },
}) => {
  got.resume()
  const source = async function* () {
    yield* makePieces(1)
    throw new Error('the file is gone')
  }
  await expect(sendAll(source(), sent)).rejects.toThrow('the file is gone')
  expect([sent.destroyed, sent.writableEnded]).toEqual([false, false])
})

test('A reader that hangs up ends the source', async ({ answer: { sent, got } }) => {
  let hasEnded = false
  const source = async function* () {
    try {
      for (;;) yield* makePieces(1)
    } finally {
      hasEnded = true
    }
  }
  const over = sendAll(source(), sent)
  got.destroy()
  await expect(over).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' })
  expect(hasEnded).toBe(true)
})
