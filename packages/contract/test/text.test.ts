import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  chunkLength,
  eventIdSchema,
  readEventId,
  toBytes,
  toChunk,
  toEventId,
  utf8Length,
} from '../src/public/index.ts'

describe('Bytes in JSON', () => {
  it('come back unchanged, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect([...toBytes(JSON.parse(JSON.stringify(toChunk(bytes))))]).toEqual([...bytes])
      }),
    )
  })

  it('are the same base64 as Node makes and reads', () => {
    const notUtf8 = fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from([0xff, ...bytes]))
    fc.assert(
      fc.property(notUtf8, (bytes) => {
        const chunk = toChunk(bytes)
        expect(chunk).toEqual({ encoding: 'base64', data: Buffer.from(bytes).toString('base64') })
        expect(chunkLength(chunk)).toBe(bytes.length)
        expect([...toBytes(chunk)]).toEqual([...bytes])
      }),
    )
  })

  it.each(['', 'a', 'hé', '€', '😀', '\0', '\ud800', '\udc00a', 'a\ud83d€', '€'.repeat(100_000)])(
    'have the same length as in Node: text %#',
    (text) => {
      expect(utf8Length(text)).toBe(Buffer.byteLength(text))
      expect(Buffer.compare(toBytes({ encoding: 'utf8', data: text }), Buffer.from(text))).toBe(0)
    },
  )

  it('are text if and only if they are UTF-8, with BOM and NUL kept', () => {
    expect(toChunk(Buffer.from('\ufeffhé\0llo'))).toEqual({ encoding: 'utf8', data: '\ufeffhé\0llo' })
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98]]) {
      expect(toChunk(Uint8Array.from(bytes)).encoding).toBe('base64')
    }
  })
})

describe('An event id', () => {
  it('has the attempt and the number', () => {
    expect(readEventId('2-17')).toEqual({ attempt: 2, n: 17 })
    expect(toEventId({ attempt: 2, n: 17 })).toBe('2-17')
  })

  it.each(['', '1', '-1-0', '1-', '01-1', '1-1-1', '1-x', '9999999999-1'])('is not %j', (text) => {
    expect(eventIdSchema.safeParse(text).success).toBe(false)
  })
})
