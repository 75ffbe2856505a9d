import { describe, expect, test } from 'vitest'
import { createPacedWriter, WINDOW } from '../src/paced-writer.ts'

/** A terminal that parses when the test says so. Each piece takes `parseMs`. */
const createSlowTerminal = (parseMs = 1) => {
  const pieces: { readonly text: string; readonly parsed: () => void }[] = []
  let buffer = ''
  let clock = 0
  const writer = createPacedWriter(
    (text, parsed) => pieces.push({ text, parsed }),
    () => clock,
  )
  const parseOne = (): boolean => {
    const piece = pieces.shift()
    if (piece === undefined) return false
    clock += parseMs
    buffer += piece.text
    piece.parsed()
    return true
  }
  return {
    writer,
    parseOne,
    parseAll: () => {
      while (parseOne()) {
        // Until nothing is left.
      }
    },
    readBuffer: () => buffer,
    waiting: () => pieces.map(({ text }) => text.length),
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

describe('The paced writer', () => {
  test('gives the terminal 64 KiB and no more, until some of it is parsed', () => {
    const { writer, parseOne, waiting } = createSlowTerminal()
    void writer.write('x'.repeat(1_000_000))
    expect(sum(waiting())).toBe(WINDOW)
    parseOne()
    expect(sum(waiting())).toBe(WINDOW)
  })

  test('writes everything, in order', async () => {
    const { writer, parseAll, readBuffer } = createSlowTerminal()
    const texts = ['a'.repeat(100_000), 'b', 'c'.repeat(70_000), 'd']
    const written = Promise.all(texts.map((text) => writer.write(text)))
    parseAll()
    await written
    expect(readBuffer()).toBe(texts.join(''))
  })

  test('lets who writes wait until all of the text is handed over', async () => {
    const { writer, parseAll } = createSlowTerminal()
    const order: string[] = []
    const writing = writer.write('x'.repeat(200_000)).then(() => order.push('written'))
    await Promise.resolve()
    order.push('parsing')
    parseAll()
    await writing
    expect(order).toEqual(['parsing', 'written'])
  })

  test('acts when all before it is parsed, and nothing after it', () => {
    const { writer, parseAll, readBuffer } = createSlowTerminal()
    let seen = ''
    void writer.write('before')
    writer.after(() => {
      seen = readBuffer()
    })
    void writer.write('after')
    parseAll()
    expect(seen).toBe('before')
  })

  test('forgets what is queued at once, and says how much that was', async () => {
    const { writer, parseAll, readBuffer } = createSlowTerminal()
    const writing = writer.write('x'.repeat(1_000_000))
    expect(writer.drop()).toBe(1_000_000 - WINDOW)
    await writing
    parseAll()
    expect(readBuffer().length).toBe(WINDOW)
  })

  test('still acts after a drop, because others wait for it', () => {
    const { writer, parseAll } = createSlowTerminal()
    const acts: string[] = []
    void writer.write('x'.repeat(1_000_000))
    writer.after(() => acts.push('mark'))
    writer.drop()
    parseAll()
    expect(acts).toEqual(['mark'])
  })

  test('ends a piece after 256 line ends or sequences, because those take longer than letters', () => {
    const { writer, waiting } = createSlowTerminal()
    void writer.write('\x1b[S'.repeat(1_000))
    expect(waiting()).toEqual([768, 768, 768, 696])
  })

  test('makes pieces smaller while they take long to parse, and larger again when they do not', () => {
    const slow = createSlowTerminal(50)
    void slow.writer.write('x'.repeat(1_000_000))
    for (let piece = 0; piece < 20; piece += 1) slow.parseOne()
    expect(slow.waiting().at(-1)).toBe(256)

    const fast = createSlowTerminal(1)
    void fast.writer.write('x'.repeat(1_000_000))
    for (let piece = 0; piece < 20; piece += 1) fast.parseOne()
    expect(fast.waiting().at(-1)).toBe(16 * 1024)
  })
})
