import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLineSplitter, LINE_CHARACTERS, type Line } from '../../src/socket-io/line-splitter.ts'

/** The lines of bytes that come in these pieces. */
const split = (...pieces: readonly (string | Uint8Array)[]): Line[] => {
  const splitter = createLineSplitter()
  const lines = pieces.flatMap((piece) => [
    ...splitter.add(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece),
  ])
  return [...lines, ...splitter.end()]
}
const texts = (...pieces: readonly (string | Uint8Array)[]): string[] => split(...pieces).map(({ text }) => text)

describe('Lines of what a program printed', () => {
  test.each<[string, string[], string[]]>([
    ['have no line end', ['one\ntwo\n'], ['one', 'two']],
    ['have no Windows line end', ['one\r\ntwo\r\n'], ['one', 'two']],
    ['may be empty', ['\n\n'], ['', '']],
    ['may come in pieces', ['o', 'ne\nt', 'wo\n'], ['one', 'two']],
    ['end also where both halves of the line end come apart', ['one\r', '\ntwo'], ['one', 'two']],
    ['keep carriage returns that do not end them', ['10%\r20%\r\n'], ['10%\r20%']],
    ['end with the program', ['one\ntwo'], ['one', 'two']],
    ['are none if nothing was printed', [''], []],
  ])('%s', (_, pieces, lines) => {
    expect(texts(...pieces)).toEqual(lines)
  })

  test('may have a character that comes in two pieces', () => {
    const bytes = new TextEncoder().encode('Grüße 🎉\n')
    const lines = Array.from(bytes, (_, at) => texts(bytes.subarray(0, at), bytes.subarray(at)))
    expect(lines).toEqual(Array.from(bytes, () => ['Grüße 🎉']))
  })

  test('have a replacement for bytes that are not UTF-8, also at their end', () => {
    expect(texts(Uint8Array.of(0x61, 0xff, 0x0a, 0xe2, 0x82))).toEqual(['a\ufffd', '\ufffd'])
  })

  test('come in pieces if they are too long, and each piece but the last says so', () => {
    const long = 'x'.repeat(2 * LINE_CHARACTERS + 1)
    expect(split(`${long}\nshort\n`).map(({ text, continues }) => [text.length, continues])).toEqual([
      [LINE_CHARACTERS, true],
      [LINE_CHARACTERS, true],
      [1, false],
      [5, false],
    ])
  })

  test('of exactly the longest length are whole, with each kind of line end', () => {
    const longest = 'x'.repeat(LINE_CHARACTERS)
    for (const end of ['', '\n', '\r\n']) expect(split(longest + end)).toEqual([{ text: longest, continues: false }])
  })

  test('are not cut within a character', () => {
    const [first, second] = split(`${'x'.repeat(LINE_CHARACTERS - 1)}🎉🎉`)
    expect([first?.text.isWellFormed(), second?.text]).toEqual([true, '🎉🎉'])
  })

  test('are the same however the bytes are cut, and none is too long', () => {
    const part = fc.constantFrom('a', 'ü', '🎉', '\r', '\n', '\r\n', 'y'.repeat(LINE_CHARACTERS - 1))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.array(fc.nat(200_000), { maxLength: 5 }), (parts, cuts) => {
        const bytes = new TextEncoder().encode(parts.join(''))
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
        const pieces = places.slice(1).map((to, at) => bytes.subarray(places[at], to))
        const lines = split(...pieces)
        expect(lines.every(({ text }) => text.length <= LINE_CHARACTERS && text.isWellFormed())).toBe(true)
        const joined = lines.map(({ text, continues }) => text + (continues ? '' : '\n')).join('')
        const whole = parts.join('').replaceAll('\r\n', '\n')
        const expected = whole === '' || whole.endsWith('\n') ? whole : `${whole.replace(/\r$/, '')}\n`
        expect(joined).toBe(expected)
      }),
      { numRuns: 200 },
    )
  })
})
