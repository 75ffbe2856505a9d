import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { checkOutput } from '../src/contenders/check-output.ts'
import type { Contender } from '../src/contenders/contender.ts'
import { askAtOnce, askOneByOne, askStaggered, keepInFlight } from '../src/load.ts'

const createCounted = (takesMs: number) => {
  const seen = { now: 0, most: 0, tokens: new Set<string>() }
  const contender: Contender = {
    name: 'bare-python',
    async run(token) {
      seen.tokens.add(token)
      seen.now += 1
      seen.most = Math.max(seen.most, seen.now)
      await delay(takesMs)
      seen.now -= 1
      return { firstByteMs: takesMs, finishedMs: takesMs }
    },
  }
  return { contender, seen }
}
const refusing: Contender = { name: 'bare-python', run: () => Promise.reject(new Error('refused')) }

test('one by one never runs two at a time', async () => {
  const { contender, seen } = createCounted(5)
  expect(await askOneByOne(contender, 4)).toHaveLength(4)
  expect(seen.most).toBe(1)
})

test('at once runs all of them, each with its own token', async () => {
  const { contender, seen } = createCounted(5)
  expect(await askAtOnce(contender, 20)).toHaveLength(20)
  expect(seen.most).toBe(20)
  expect(seen.tokens.size).toBe(20)
})

test('a staggered run does not wait for the one before it', async () => {
  const { contender, seen } = createCounted(200)
  await askStaggered(contender, 3, 10)
  expect(seen.most).toBe(3)
})

test('a fixed number is kept in flight, and the rate counts successes after the settling time', async () => {
  const { contender, seen } = createCounted(20)
  const { attempts, rate } = await keepInFlight(contender, { inFlight: 4, forMs: 300, settleMs: 100 })
  expect(seen.most).toBe(4)
  expect(rate).toBeCloseTo(attempts.length / 0.2)
})

test('a failure counts as an answer, with its error', async () => {
  expect(await askAtOnce(refusing, 1)).toEqual([{ succeeded: false, why: 'Error: refused' }])
  const { rate } = await keepInFlight(refusing, { inFlight: 2, forMs: 50, settleMs: 0 })
  expect(rate).toBe(0)
})

test('only the expected output counts as success', () => {
  expect(() => checkOutput('abc\n', 'abc')).not.toThrow()
  expect(() => checkOutput('abc\nabc\n', 'abc')).toThrow('Expected abc')
  expect(() => checkOutput('', 'abc')).toThrow('got ""')
})
