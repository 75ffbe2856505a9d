import { describe, expect, test } from 'vitest'
import { createOutputRing, type Gap, type Piece } from '../../src/sandboxes/output-ring.ts'

const NOW = { follow: false, signal: new AbortController().signal }
const show = (one: Piece | Gap): string => ('first' in one ? `${one.first}..${one.last}` : `${one.n}:${one.bytes}`)
const read = async (pieces: AsyncIterable<Piece | Gap>): Promise<string[]> => {
  const shown: string[] = []
  for await (const piece of pieces) shown.push(show(piece))
  return shown
}

describe('A ring of output', () => {
  test('gives all pieces, or those after one', async () => {
    const ring = createOutputRing(10_000)
    for (const text of ['a', 'b', 'c']) ring.add('stdout', Buffer.from(text))
    expect(await read(ring.read(0, NOW))).toEqual(['2:a', '3:b', '4:c'])
    expect(await read(ring.read(3, NOW))).toEqual(['4:c'])
    expect(await read(ring.read(4, NOW))).toEqual([])
  })

  test('drops the oldest pieces above its size, and says which', async () => {
    const ring = createOutputRing(3_000)
    for (let n = 0; n < 5; n += 1) ring.add('stdout', Buffer.alloc(1_000, String(n)))
    const shown = await read(ring.read(0, NOW))
    expect(shown.map((text) => text.slice(0, 4))).toEqual(['2..4', '5:33', '6:44'])
  })

  test('keeps the last piece, however large', async () => {
    const ring = createOutputRing(100)
    ring.add('stderr', Buffer.alloc(5_000, 'x'))
    expect((await read(ring.read(0, NOW))).length).toBe(1)
  })

  test('costs no more for single letters than its size', async () => {
    const ring = createOutputRing(256 * 1024)
    for (let n = 0; n < 100_000; n += 1) ring.add('stdout', Buffer.from('x'))
    const pieces = await read(ring.read(0, NOW))
    expect(pieces.length).toBeLessThan(1_100)
  })

  test('gives a follower what comes later, until it ends', async () => {
    const ring = createOutputRing(10_000)
    const { signal } = new AbortController()
    const following = read(ring.read(0, { follow: true, signal }))
    ring.add('stdout', Buffer.from('late'))
    await new Promise(setImmediate)
    ring.add('stdout', Buffer.from('later'))
    ring.end()
    expect(await following).toEqual(['2:late', '3:later'])
  })

  test('lets a follower go when its signal aborts', async () => {
    const ring = createOutputRing(10_000)
    const leaving = new AbortController()
    const following = read(ring.read(0, { follow: true, signal: leaving.signal }))
    ring.add('stdout', Buffer.from('seen'))
    await new Promise(setImmediate)
    leaving.abort()
    expect(await following).toEqual(['2:seen'])
  })

  test('shows a slow follower a gap in place of what it missed', async () => {
    const ring = createOutputRing(3_000)
    const { signal } = new AbortController()
    const pieces = ring.read(0, { follow: true, signal })
    ring.add('stdout', Buffer.from('first'))
    const first = await pieces.next()
    for (let n = 0; n < 9; n += 1) ring.add('stdout', Buffer.alloc(1_000, String(n)))
    ring.end()
    const rest = await read(pieces)
    expect(first.done === true ? undefined : show(first.value)).toBe('2:first')
    expect(rest.map((text) => text.slice(0, 5))).toEqual(['3..9', '10:77', '11:88'])
  })
})
