import { setImmediate as endOfTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createLane } from '../src/lane.ts'

/** Waits in the lane, then notes its name. */
const createWork = (lane: ReturnType<typeof createLane>) => {
  const started: string[] = []
  const work = async (key: string, name: string, spendMs = 0): Promise<void> => {
    await lane.take(key)
    started.push(name)
    const until = performance.now() + spendMs
    while (performance.now() < until);
  }
  return { started, work }
}

describe('A lane', () => {
  test('starts work at once while it has room in this turn of the loop', () => {
    const lane = createLane({ atOnce: 2, restFactor: 0 })
    expect([lane.take('a'), lane.take('a')]).toEqual([undefined, undefined])
    expect(lane.take('a')).toBeInstanceOf(Promise)
  })

  test('starts no more in one turn than it may', async () => {
    const { started, work } = createWork(createLane({ atOnce: 2, restFactor: 0 }))
    const all = Promise.all(Array.from({ length: 10 }, (_, n) => work('a', `${n}`)))
    const counts: number[] = []
    while (started.length < 10) {
      const before = started.length
      await endOfTurn()
      counts.push(started.length - before)
    }
    await all
    expect(Math.max(...counts.slice(1))).toBeLessThanOrEqual(2)
    expect(started).toEqual(Array.from({ length: 10 }, (_, n) => `${n}`))
  })

  test('lets a tenant that comes late go before the rest of one that sends much', async () => {
    const { started, work } = createWork(createLane({ atOnce: 1, restFactor: 0 }))
    await Promise.all([...Array.from({ length: 5 }, (_, n) => work('much', `much ${n}`)), work('late', 'late')])
    expect(started.slice(0, 3)).toEqual(['much 0', 'much 1', 'late'])
  })

  test('counts what waits, for each tenant', async () => {
    const lane = createLane({ atOnce: 1, restFactor: 0 })
    lane.take('a')
    const all = [lane.take('a'), lane.take('a'), lane.take('b')]
    expect(['a', 'b', 'c'].map(lane.countWaiting)).toEqual([2, 1, 0])
    await Promise.all(all)
    expect(['a', 'b', 'c'].map(lane.countWaiting)).toEqual([0, 0, 0])
  })

  test('rests for a multiple of the time that its work took', async () => {
    const { work } = createWork(createLane({ atOnce: 1, restFactor: 3 }))
    const startedAt = performance.now()
    await Promise.all([work('a', 'first', 20), work('a', 'second')])
    expect(performance.now() - startedAt).toBeGreaterThan(75)
  })

  test('rests for work that was charged', async () => {
    const lane = createLane({ atOnce: 1, restFactor: 3 })
    lane.charge(20)
    const startedAt = performance.now()
    await lane.take('a')
    expect(performance.now() - startedAt).toBeGreaterThan(55)
  })
})
