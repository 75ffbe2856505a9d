import { once } from 'node:events'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createEventFrames, readPayload, toTextFrame } from '../src/events/text-frame.ts'

/** What a client reads from frames that are written straight to its connection. */
const receive = async (frames: readonly Buffer[]): Promise<string[]> => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (socket, request) => {
    for (const frame of frames) request.socket.write(frame)
    socket.close()
  })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A TCP server without a port')
  const client = new WebSocket(`ws://127.0.0.1:${address.port}`)
  const texts: string[] = []
  client.on('message', (data, isBinary) => texts.push(isBinary ? 'binary' : String(data)))
  await once(client, 'close')
  server.close()
  return texts
}

test('A frame can hold a text of any length', async () => {
  const texts = [0, 1, 125, 126, 65_535, 65_536, 1_000_000].map((bytes) => 'x'.repeat(bytes))
  expect(await receive(texts.map(toTextFrame))).toEqual(texts)
  expect(texts.map((text) => readPayload(toTextFrame(text)).toString())).toEqual(texts)
})

test('A frame counts bytes, not characters', async () => {
  const text = '\u00e4\u20ac\u{1f600}'.repeat(30)
  expect(await receive([toTextFrame(text)])).toEqual([text])
})

test('One entry makes one frame, even if it is sent to many watchers', () => {
  const toFrame = createEventFrames()
  const entry = { id: '1-1', position: { attempt: 1, n: 1 }, type: 'started', json: '{}' } as const
  const frame = toFrame(entry)
  expect(toFrame(entry)).toBe(frame)
  expect(toFrame({ ...entry })).not.toBe(frame)
})
