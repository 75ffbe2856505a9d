import { toChunk } from '@runnel/contract/public'
import { describe, expect, test } from 'vitest'
import { createOutputBuffer, type OutputBuffer, type OutputStream } from '../src/output-buffer.ts'

const KIB = 1024
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

const take = (buffer: OutputBuffer, atEnd = false) =>
  buffer.take(atEnd).map(({ stream, bytes }) => ({ stream, ...toChunk(bytes) }))

const utf8 = (stream: OutputStream, data: string) => ({ stream, encoding: 'utf8', data })

describe('the output buffer', () => {
  test('joins what one stream wrote and keeps the order of both', () => {
    const buffer = createOutputBuffer(64 * KIB, 256 * KIB)
    buffer.add('stdout', bytesOf('a'))
    buffer.add('stdout', bytesOf('b'))
    buffer.add('stderr', bytesOf('!'))
    buffer.add('stdout', bytesOf('c'))
    expect(take(buffer)).toEqual([utf8('stdout', 'ab'), utf8('stderr', '!'), utf8('stdout', 'c')])
    expect(take(buffer)).toEqual([])
  })

  test.each([2, 3, 4])('returns an emoji that came in %i writes as one character', (writes) => {
    const buffer = createOutputBuffer(64 * KIB, 256 * KIB)
    const bytes = bytesOf('😀')
    const seen: string[] = []
    for (let write = 0; write < writes; write += 1) {
      buffer.add('stdout', bytes.subarray(write, write === writes - 1 ? undefined : write + 1))
      seen.push(...take(buffer).map(({ data }) => data))
    }
    expect(seen).toEqual(['😀'])
  })

  test('does not mix an incomplete character into the other stream', () => {
    const buffer = createOutputBuffer(64 * KIB, 256 * KIB)
    const [euro, emoji] = [bytesOf('€'), bytesOf('😀')]
    buffer.add('stdout', euro.subarray(0, 2))
    buffer.add('stderr', emoji.subarray(0, 3))
    expect(take(buffer)).toEqual([])
    buffer.add('stderr', emoji.subarray(3))
    buffer.add('stdout', euro.subarray(2))
    expect(take(buffer)).toEqual([utf8('stderr', '😀'), utf8('stdout', '€')])
  })

  test('returns a character that stayed incomplete at the end, as base64', () => {
    const buffer = createOutputBuffer(64 * KIB, 256 * KIB)
    buffer.add('stdout', bytesOf('a€').subarray(0, 3))
    expect(take(buffer)).toEqual([utf8('stdout', 'a')])
    expect(take(buffer, true)).toEqual([{ stream: 'stdout', encoding: 'base64', data: '4oI=' }])
  })

  test('returns a single continuation byte at once, as base64', () => {
    const buffer = createOutputBuffer(64 * KIB, 256 * KIB)
    buffer.add('stdout', new Uint8Array([0x80]))
    expect(take(buffer)).toEqual([{ stream: 'stdout', encoding: 'base64', data: 'gA==' }])
  })

  test('returns text with an invalid byte in the middle as one part, as base64', () => {
    const buffer = createOutputBuffer(64 * KIB, 256 * KIB)
    buffer.add('stdout', new Uint8Array([0x61, 0xff, 0x62]))
    expect(take(buffer)).toEqual([{ stream: 'stdout', encoding: 'base64', data: 'Yf9i' }])
  })

  test('keeps the order of both streams, and gives sixteen changes between them at a time', () => {
    const buffer = createOutputBuffer(64 * KIB, 256 * KIB)
    const written = Array.from({ length: 40 }, (_, at) => utf8(at % 2 === 0 ? 'stderr' : 'stdout', `${at}€`))
    for (const { stream, data } of written) for (const byte of bytesOf(data)) buffer.add(stream, Uint8Array.of(byte))
    expect(take(buffer)).toEqual(written.slice(0, 16))
    expect(buffer.bytes).toBe(
      Buffer.byteLength(
        written
          .slice(16)
          .map(({ data }) => data)
          .join(''),
      ),
    )
    expect(take(buffer)).toEqual(written.slice(16, 32))
    expect(take(buffer)).toEqual(written.slice(32))
    expect(buffer.bytes).toBe(0)
  })

  test('gives everything at the end', () => {
    const buffer = createOutputBuffer(64 * KIB, 256 * KIB)
    const written = Array.from({ length: 40 }, (_, at) => utf8(at % 2 === 0 ? 'stderr' : 'stdout', `${at}`))
    for (const { stream, data } of written) buffer.add(stream, bytesOf(data))
    expect(take(buffer, true)).toEqual(written)
  })

  test('keeps a character whose parts are taken apart, while the other stream goes on', () => {
    const buffer = createOutputBuffer(64 * KIB, 256 * KIB)
    for (const [at, byte] of bytesOf('€').entries()) {
      for (let turn = 0; turn < 10; turn += 1) buffer.add('stderr', bytesOf(`${at}`))
      buffer.add('stdout', Uint8Array.of(byte))
    }
    expect(take(buffer)).toEqual([
      utf8('stderr', '0000000000'),
      utf8('stderr', '1111111111'),
      utf8('stderr', '2222222222'),
      utf8('stdout', '€'),
    ])
  })

  test('is full at its bound of bytes, or when 256 changes between the streams wait', () => {
    const byBytes = createOutputBuffer(64, 100)
    byBytes.add('stdout', new Uint8Array(99))
    expect(byBytes.isFull).toBe(false)
    byBytes.add('stdout', new Uint8Array(1))
    expect(byBytes.isFull).toBe(true)
    const byChanges = createOutputBuffer(64, 64 * KIB)
    for (let at = 0; at < 256; at += 1) {
      expect(byChanges.isFull).toBe(false)
      byChanges.add(at % 2 === 0 ? 'stdout' : 'stderr', bytesOf('.'))
    }
    expect(byChanges.isFull).toBe(true)
    byChanges.take()
    expect(byChanges.isFull).toBe(false)
  })

  test('has a large part only while one stream alone has written that much', () => {
    const buffer = createOutputBuffer(64, 1_000)
    buffer.add('stdout', new Uint8Array(63))
    expect(buffer.isLargePart).toBe(false)
    buffer.add('stdout', new Uint8Array(1))
    expect(buffer.isLargePart).toBe(true)
    buffer.add('stderr', new Uint8Array(64))
    expect(buffer.isLargePart).toBe(false)
    buffer.take()
    expect(buffer.isLargePart).toBe(false)
  })

  test('keeps byte order marks and NULs', () => {
    const buffer = createOutputBuffer(64 * KIB, 256 * KIB)
    buffer.add('stdout', bytesOf('\uFEFFa\0b'))
    expect(take(buffer)).toEqual([utf8('stdout', '\uFEFFa\0b')])
  })

  test('cuts large output between characters', () => {
    const buffer = createOutputBuffer(64, 256 * KIB)
    buffer.add('stdout', bytesOf('€'.repeat(50)))
    const parts = take(buffer)
    expect(parts.length).toBe(3)
    expect(parts.map(({ data }) => data).join('')).toBe('€'.repeat(50))
  })

  test('keeps its bytes if the writer reuses its memory', () => {
    const buffer = createOutputBuffer(64 * KIB, 256 * KIB)
    const memory = bytesOf('before')
    buffer.add('stdout', memory)
    memory.fill(0x78)
    expect(take(buffer)).toEqual([utf8('stdout', 'before')])
  })

  test('counts the bytes that wait in it', () => {
    const buffer = createOutputBuffer(64 * KIB, 256 * KIB)
    buffer.add('stdout', bytesOf('abc'))
    buffer.add('stderr', bytesOf(''))
    expect(buffer.bytes).toBe(3)
    buffer.take()
    expect(buffer.bytes).toBe(0)
  })
})
