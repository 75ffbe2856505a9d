import { expect, test } from 'vitest'
import { retryWhileAway } from '../src/retry-while-away.ts'

test('a step is repeated until it succeeds', async () => {
  let calls = 0
  const step = async () => {
    calls += 1
    if (calls < 3) throw new Error('away')
    return calls
  }
  expect(await retryWhileAway(step)).toBe(3)
})

test('a step that never succeeds fails with its last error after the timeout', async () => {
  let calls = 0
  const before = performance.now()
  const step = async () => {
    calls += 1
    throw new Error(`away ${calls}`)
  }
  const failed = retryWhileAway(step, 100)
  await expect(failed).rejects.toThrow(/^away \d+$/)
  await expect(failed).rejects.toThrow(`away ${calls}`)
  expect(calls).toBeGreaterThan(1)
  expect(performance.now() - before).toBeLessThan(1_000)
})
