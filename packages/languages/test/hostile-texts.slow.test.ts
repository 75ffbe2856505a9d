import { expect, test } from 'vitest'
import { detectLanguage } from '../src/detection.ts'
import { PIECES, testHostileTexts } from './hostile-pieces.ts'

testHostileTexts(PIECES)

test('Hostile texts leave no memory behind', { timeout: 120_000 }, () => {
  const content = PIECES.map((piece) => piece.repeat(1_000))
    .join('\n')
    .repeat(20)
  detectLanguage({ content })
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 200; i += 1) detectLanguage({ content: `${PIECES[i % PIECES.length]?.repeat(8_000)}` })
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(128 * 1024 * 1024)
})
