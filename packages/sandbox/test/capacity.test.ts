import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import {
  createDemand,
  isNewContainerBetter,
  isPoolShort,
  type PoolLevel,
  type ReuseLevel,
  toMake,
} from '../src/docker/capacity.ts'

const start = () => {
  let at = 0
  const demand = createDemand(() => at)
  const arrive = (count: number) => {
    for (let n = 0; n < count; n += 1) demand.arrive()
  }
  return { demand, arrive, pass: (ms: number) => (at += ms) }
}

describe('The demand for containers', () => {
  it('is nothing if no job comes', () => {
    expect(start().demand.expected()).toBe(0)
  })

  it('is what the busiest second brought, at any time within it', () => {
    const { demand, arrive, pass } = start()
    arrive(30)
    pass(400)
    arrive(10)
    expect(demand.expected()).toBe(40)
  })

  it('counts a whole burst, whenever it comes', () => {
    const { demand, arrive, pass } = start()
    arrive(1)
    pass(900)
    for (let n = 0; n < 25; n += 1) {
      arrive(1)
      pass(8)
    }
    expect(demand.expected()).toBe(25)
  })

  it('does not count time in which a job waits: jobs one after another then find all their containers the next time', () => {
    const { demand, arrive, pass } = start()
    for (let n = 0; n < 25; n += 1) {
      arrive(1)
      if (n >= 4) {
        demand.setWaiting(true)
        pass(200)
        demand.setWaiting(false)
      }
      pass(12)
    }
    expect(demand.expected()).toBe(25)
  })

  it('does not add up arrivals without end if a job always waits', () => {
    const { demand, arrive, pass } = start()
    arrive(1)
    demand.setWaiting(true)
    for (let second = 0; second < 60; second += 1) {
      pass(1_000)
      arrive(6)
    }
    expect(demand.expected()).toBe(60)
  })

  it('does not add up arrivals over many seconds', () => {
    const { demand, arrive, pass } = start()
    for (let second = 0; second < 20; second += 1) {
      arrive(3)
      pass(1_000)
    }
    expect(demand.expected()).toBe(3)
  })

  it('is remembered for a minute, and half of it for each minute after: a quiet evening costs nothing', () => {
    const { demand, arrive, pass } = start()
    arrive(100)
    pass(60_000)
    expect(demand.expected()).toBe(100)
    pass(60_000)
    expect(demand.expected()).toBe(50)
    pass(10 * 60_000)
    expect(demand.expected()).toBe(0)
  })

  it('is as high as before when a burst comes again', () => {
    const { demand, arrive, pass } = start()
    arrive(100)
    pass(120_000)
    arrive(100)
    expect(demand.expected()).toBe(100)
  })
})

const LEVEL: PoolLevel = { ready: 0, making: 0, queued: 0, planned: 0, waiting: 0, min: 4, expected: 0, room: 100 }

describe('The number of containers to make', () => {
  it.each<[string, Partial<PoolLevel>, { now: number; background: number }]>([
    ['the minimum, for an empty pool', {}, { now: 0, background: 4 }],
    ['none, for a full pool', { ready: 4 }, { now: 0, background: 0 }],
    ['what is missing, besides those on their way', { ready: 1, making: 1, planned: 1 }, { now: 0, background: 1 }],
    ['the demand, if it is above the minimum', { ready: 4, expected: 10 }, { now: 0, background: 6 }],
    [
      'only as many as there is room for, beyond the minimum',
      { ready: 4, expected: 10, room: 2 },
      { now: 0, background: 2 },
    ],
    ['none beyond the minimum without room', { ready: 4, expected: 10, room: 0 }, { now: 0, background: 0 }],
    ['the minimum, also without room', { ready: 1, room: -5 }, { now: 0, background: 3 }],
    ['one for each job that waits, and nothing else until then', { waiting: 3 }, { now: 3, background: 0 }],
    ['only those that are not queued yet, for jobs that wait', { waiting: 3, queued: 2 }, { now: 1, background: 0 }],
    [
      'the pool too, once one is being made for each job that waits',
      { waiting: 2, making: 2 },
      { now: 0, background: 4 },
    ],
    ['the pool and the demand at once', { waiting: 2, making: 2, expected: 6, room: 5 }, { now: 0, background: 5 }],
  ])('is %s', (_title, level, expected) => {
    expect(toMake({ ...LEVEL, ...level })).toEqual(expected)
  })
})

describe('A container that was planned for the pool', () => {
  it.each<[string, Partial<PoolLevel>, boolean]>([
    ['is made if the pool is below its minimum', { ready: 3 }, true],
    ['is made below the minimum even without room', { ready: 3, room: 0 }, true],
    ['is not made if the pool has its minimum', { ready: 4 }, false],
    ['is made for the demand', { ready: 4, expected: 5 }, true],
    ['is not made for the demand without room', { ready: 4, expected: 5, room: 0 }, false],
    ['is not made while a job waits that none is being made for', { waiting: 1 }, false],
    ['is made while jobs wait, if one is being made for each', { waiting: 1, making: 1 }, true],
  ])('%s', (_title, level, expected) => {
    expect(isPoolShort({ ...LEVEL, ...level })).toBe(expected)
  })
})

const ENOUGH = availableParallelism() * 4
const REUSE: ReuseLevel = { adding: 0, inUse: ENOUGH, waitedMs: 0, noneBackMs: 0 }

describe('A job of a tenant', () => {
  it.each<[string, Partial<ReuseLevel>, boolean]>([
    ['gets a new container while its tenant has few', { inUse: ENOUGH - 1 }, true],
    ['waits for one to come back if its tenant has enough', {}, false],
    ['counts containers that are being made among these', { adding: 1, inUse: ENOUGH - 1 }, false],
    ['gets a new one if none has come back for 200 ms', { waitedMs: 250, noneBackMs: 200 }, true],
    ['waits if one came back just now, for others', { waitedMs: 1_999, noneBackMs: 199 }, false],
    ['gets a new one after two seconds, although others come back', { waitedMs: 2_000 }, true],
    [
      'waits if enough new ones are being made',
      { adding: ENOUGH, inUse: 0, waitedMs: 9_000, noneBackMs: 9_000 },
      false,
    ],
  ])('%s', (_title, level, expected) => {
    expect(isNewContainerBetter({ ...REUSE, ...level })).toBe(expected)
  })
})
