import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventIdSchema, readEventId, toBytes, toChunk, toEventId } from '../src/public/index.ts'

describe('Bytes in JSON', () => {
  it('come back as they were, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect([...toBytes(JSON.parse(JSON.stringify(toChunk(bytes))))]).toEqual([...bytes])
      }),
    )
  })

  it('are text exactly where they are UTF-8, with BOM and NUL kept', () => {
    expect(toChunk(Buffer.from('\ufeffhé\0llo'))).toEqual({ encoding: 'utf8', data: '\ufeffhé\0llo' })
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98]]) {
      expect(toChunk(Uint8Array.from(bytes)).encoding).toBe('base64')
    }
  })
})

describe('An event id', () => {
  it('says the attempt and the number', () => {
    expect(readEventId('2-17')).toEqual({ attempt: 2, n: 17 })
    expect(toEventId({ attempt: 2, n: 17 })).toBe('2-17')
  })

  it.each(['', '1', '-1-0', '1-', '01-1', '1-1-1', '1-x', '9999999999-1'])('is not %j', (text) => {
    expect(eventIdSchema.safeParse(text).success).toBe(false)
  })
})
