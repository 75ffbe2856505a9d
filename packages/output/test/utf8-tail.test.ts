import { describe, expect, test } from 'vitest'
import { cutBetweenCharacters, incompleteTail } from '../src/utf8-tail.ts'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

describe('the incomplete tail', () => {
  test.each([
    ['nothing', '', 0],
    ['ASCII', '61 62', 0],
    ['NUL', '00', 0],
    ['a whole 2-byte character', 'c3 a9', 0],
    ['a whole 3-byte character', 'e2 82 ac', 0],
    ['a whole 4-byte character', 'f0 9f 98 80', 0],
    ['1 of 2 bytes', '61 c3', 1],
    ['1 of 3 bytes', 'e2', 1],
    ['2 of 3 bytes', '61 e2 82', 2],
    ['1 of 4 bytes', 'f0', 1],
    ['2 of 4 bytes', 'f0 9f', 2],
    ['3 of 4 bytes', '61 f0 9f 98', 3],
    ['a byte order mark', 'ef bb bf', 0],
    ['a lone continuation byte', '61 80', 0],
    ['continuation bytes only', '80 80 80 80', 0],
    ['one continuation byte too many', 'c3 a9 a9', 0],
    ['a byte that starts no character', 'c0', 0],
    ['a byte over the highest first byte', 'f5 80', 0],
    ['an overlong 3-byte form', 'e0 80', 0],
    ['the shortest 3-byte form', 'e0 a0', 2],
    ['a surrogate', 'ed a0', 0],
    ['the last character before the surrogates', 'ed 9f', 2],
    ['an overlong 4-byte form', 'f0 8f', 0],
    ['a character over U+10FFFF', 'f4 90', 0],
    ['the highest plane', 'f4 8f', 2],
    ['an invalid byte before an incomplete one', 'ff e2 82', 2],
    ['an incomplete one before an ASCII byte', 'e2 82 61', 0],
  ])('of %s', (_name, bytes, tail) => {
    expect(incompleteTail(hex(bytes))).toBe(tail)
  })

  test('of every character, cut at any byte, is exactly the bytes before the cut', () => {
    for (const character of ['é', '€', '\uD7FF', '\uE000', '😀', '\u{10FFFF}']) {
      const bytes = Buffer.from(`a${character}`)
      for (let cut = 2; cut < bytes.length; cut += 1) expect(incompleteTail(bytes.subarray(0, cut))).toBe(cut - 1)
      expect(incompleteTail(bytes)).toBe(0)
    }
  })
})

describe('cutting between characters', () => {
  test('keeps every character whole and every byte', () => {
    const bytes = Buffer.from('😀é€'.repeat(100))
    const parts = cutBetweenCharacters(bytes, 16)
    expect(Buffer.concat(parts)).toEqual(bytes)
    for (const part of parts) {
      expect(part.length).toBeLessThanOrEqual(16)
      expect(new TextDecoder('utf-8', { fatal: true }).decode(part)).toMatch(/^[😀é€]+$/u)
    }
  })

  test('cuts other bytes where the part is full', () => {
    const bytes = new Uint8Array(40).fill(0xff)
    expect(cutBetweenCharacters(bytes, 16).map((part) => part.length)).toEqual([16, 16, 8])
  })
})
