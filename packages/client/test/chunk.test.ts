import { describe, expect, test } from 'vitest'
import { utf8Length } from '../src/chunk.ts'
import { createTextOfStream, toBytes } from '../src/index.ts'

const base64 = (hex: string) => ({ encoding: 'base64', data: Buffer.from(hex, 'hex').toString('base64') }) as const
const utf8 = (data: string) => ({ encoding: 'utf8', data }) as const

describe('toBytes', () => {
  test('gives every byte of base64, for each length of its padding', () => {
    for (let length = 0; length < 260; length += 1) {
      const bytes = Buffer.from(Array.from({ length }, (_, at) => (at * 7 + length) % 256))
      const given = toBytes({ encoding: 'base64', data: bytes.toString('base64') })
      expect(Buffer.from(given).equals(bytes), `${length} bytes`).toBe(true)
    }
  })

  test('encodes text in UTF-8', () => {
    expect(Buffer.from(toBytes(utf8('é😀'))).toString('hex')).toBe('c3a9f09f9880')
  })
})

describe('the text of a stream', () => {
  test.each([
    ['a character that is split between pieces of bytes', [base64('e2'), base64('82'), base64('ac21')], '€!'],
    ['half a character before text', [base64('61e282'), utf8('b')], 'a\ufffdb'],
    ['half a character at the end', [utf8('a'), base64('e282')], 'a\ufffd'],
    ['bytes that are not UTF-8', [base64('ff00fe')], '\ufffd\0\ufffd'],
    ['a byte order mark', [utf8('\ufeffa'), base64('efbbbf62')], '\ufeffa\ufeffb'],
  ])('has %s', (_, chunks, text) => {
    const stream = createTextOfStream()
    expect(chunks.map((chunk) => stream.add(chunk)).join('') + stream.end()).toBe(text)
  })
})

test('the length in UTF-8 is that of the bytes', () => {
  for (const text of ['', 'a', 'é', '€', '😀', 'aé€😀\0']) expect(utf8Length(text)).toBe(Buffer.byteLength(text))
})
