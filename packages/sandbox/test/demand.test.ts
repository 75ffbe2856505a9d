import { describe, expect, it } from 'vitest'
import { createDemand } from '../src/docker/demand.ts'

const start = () => {
  let at = 0
  const demand = createDemand(() => at)
  const arrive = (count: number) => {
    for (let n = 0; n < count; n += 1) demand.arrive()
  }
  return { demand, arrive, pass: (ms: number) => (at += ms) }
}

describe('The demand for sandboxes', () => {
  it('is nothing where nobody asks', () => {
    expect(start().demand.expected()).toBe(0)
  })

  it('is what the busiest second brought, however the arrivals lie in it', () => {
    const { demand, arrive, pass } = start()
    arrive(30)
    pass(400)
    arrive(10)
    expect(demand.expected()).toBe(40)
  })

  it('sees a burst whole, whenever it comes', () => {
    const { demand, arrive, pass } = start()
    arrive(1)
    pass(900)
    for (let n = 0; n < 25; n += 1) {
      arrive(1)
      pass(8)
    }
    expect(demand.expected()).toBe(25)
  })

  it('counts no time in which somebody waits: who asks one after another then finds all of them the next time', () => {
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

  it('does not add up without an end what comes where somebody always waits', () => {
    const { demand, arrive, pass } = start()
    arrive(1)
    demand.setWaiting(true)
    for (let second = 0; second < 60; second += 1) {
      pass(1_000)
      arrive(6)
    }
    expect(demand.expected()).toBe(60)
  })

  it('does not add up what came over many seconds', () => {
    const { demand, arrive, pass } = start()
    for (let second = 0; second < 20; second += 1) {
      arrive(3)
      pass(1_000)
    }
    expect(demand.expected()).toBe(3)
  })

  it('is remembered for a minute, then forgotten by half every minute: a quiet evening costs nothing', () => {
    const { demand, arrive, pass } = start()
    arrive(100)
    pass(60_000)
    expect(demand.expected()).toBe(100)
    pass(60_000)
    expect(demand.expected()).toBe(50)
    pass(10 * 60_000)
    expect(demand.expected()).toBe(0)
  })

  it('is as high as ever when the burst comes again', () => {
    const { demand, arrive, pass } = start()
    arrive(100)
    pass(120_000)
    arrive(100)
    expect(demand.expected()).toBe(100)
  })
})
