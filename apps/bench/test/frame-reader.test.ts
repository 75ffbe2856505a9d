import { expect, test } from 'vitest'
import { createFrameReader } from '../src/watchers/frame-reader.ts'

const toFrame = (opcode: number, payload: Buffer): Buffer => {
  const header = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10)
  header.writeUInt8(0x80 | opcode, 0)
  if (header.length === 2) header.writeUInt8(payload.length, 1)
  if (header.length === 4) header.writeUInt8(126, 1)
  if (header.length === 10) header.writeUInt8(127, 1)
  if (header.length === 4) header.writeUInt16BE(payload.length, 2)
  if (header.length === 10) header.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([header, payload])
}

const readAll = (bytes: Buffer, pieceBytes: number) => {
  const texts: string[] = []
  let pings = 0
  let closes = 0
  const read = createFrameReader({
    onText: (payload) => texts.push(payload.toString()),
    onPing: () => {
      pings += 1
    },
    onClose: () => {
      closes += 1
    },
  })
  for (let at = 0; at < bytes.length; at += pieceBytes) read(bytes.subarray(at, at + pieceBytes))
  return { texts, pings, closes }
}

const texts = ['', 'short', 'ü'.repeat(100), 'long'.repeat(20_000)]
const stream = Buffer.concat([
  ...texts.map((text) => toFrame(0x1, Buffer.from(text))),
  toFrame(0x9, Buffer.alloc(0)),
  toFrame(0x8, Buffer.from([3, 232])),
])

test.for([7, 1_000, stream.length])('frames are read whole if they come in pieces of %d bytes', (pieceBytes) => {
  expect(readAll(stream, pieceBytes)).toEqual({ texts, pings: 1, closes: 1 })
})

test('a masked frame from a server is refused', () => {
  expect(() => readAll(Buffer.from([0x81, 0x80, 0, 0, 0, 0]), 6)).toThrow('does not mask')
})

test('a fragmented frame is refused', () => {
  expect(() => readAll(Buffer.from([0x01, 0x01, 0x61]), 3)).toThrow('fragmented')
})
