import { expect, test } from 'vitest'
import { drawPicture, toTicks } from '../src/report/picture.ts'

test('ticks are 1, 2 and 5 of every power of ten, just around the values', () => {
  expect(toTicks(3, 240)).toEqual([2, 5, 10, 20, 50, 100, 200, 500])
  expect(toTicks(0.4, 1)).toEqual([0.2, 0.5, 1])
})

test('every contender has its name and a line that ends at the top', () => {
  const svg = drawPicture('Latency', [
    { label: 'ours', samples: [1, 2, 4] },
    { label: 'theirs', samples: [10, 20, 100] },
  ])
  const paths = [...svg.matchAll(/ d="(M[^"]*H[^"]*V[^"]*)"/g)].map(([, path]) => path)
  expect(paths).toHaveLength(2)
  for (const path of paths) expect(path).toMatch(/V48$/)
  expect(svg).toContain('>ours</text>')
  expect(svg).toContain('>theirs</text>')
})

test('a contender that was not measured has no line', () => {
  const svg = drawPicture('Latency', [
    { label: 'ours', samples: [1, 2] },
    { label: 'missing', samples: [] },
  ])
  expect(svg).not.toContain('missing')
})

test('a slower line is further right, by the factor and not by the difference', () => {
  const svg = drawPicture('Latency', [{ label: 'ours', samples: [1, 10, 100] }])
  const [, path = ''] = / d="(M[^"]*H[^"]*V[^"]*)"/.exec(svg) ?? []
  const [first = 0, second = 0, third = 0] = [...path.matchAll(/H([\d.]+)/g)].map(([, x]) => Number(x))
  expect(second - first).toBeCloseTo(third - second, 0)
})

test('text is escaped, and the colors follow the page', () => {
  const svg = drawPicture('a < b & "c"', [{ label: '<script>', samples: [1, 2] }])
  expect(svg).toContain('a &lt; b &amp; &quot;c&quot;')
  expect(svg).toContain('&lt;script&gt;')
  expect(svg).toContain('prefers-color-scheme:dark')
})
