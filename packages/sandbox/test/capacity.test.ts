import { describe, expect, it } from 'vitest'
import {
  createPeak,
  ENOUGH_PER_TENANT,
  isSpent,
  type KindLevel,
  MAXIMUM_AGE_MS,
  type ReadyContainer,
  type TenantWait,
  toExcess,
  toMake,
  toNeeded,
  toSurplus,
} from '../src/docker/capacity.ts'

const WAIT: TenantWait = { comesBack: true, waiting: 50, overdue: 0, busy: ENOUGH_PER_TENANT, noneBackMs: 0 }

describe('The new containers that a tenant’s waiting jobs are worth', () => {
  it.each<[string, Partial<TenantWait>, number]>([
    ['none, while its cells come back', {}, 0],
    ['what the tenant lacks to keep all processors busy', { busy: ENOUGH_PER_TENANT - 3 }, 3],
    ['no more than jobs wait', { busy: 0, waiting: 2 }, 2],
    ['one each, if no cell has come back for 200 ms', { noneBackMs: 200 }, 50],
    ['none, if one came back 199 ms ago', { noneBackMs: 199 }, 0],
    ['one for each job that has waited for two seconds', { overdue: 7 }, 7],
    ['one each, where a container serves one job', { comesBack: false, busy: 400 }, 50],
    ['none, if no job waits', { waiting: 0, busy: 0 }, 0],
    ['none, for a tenant that has more than enough', { busy: ENOUGH_PER_TENANT + 9 }, 0],
  ])('are %s', (_title, wait, expected) => {
    expect(toNeeded({ ...WAIT, ...wait })).toBe(expected)
  })
})

const LEVEL: KindLevel = { blank: 4, idle: 0, busy: 0, making: 0, needed: 0, peak: 0, min: 4, room: 100 }

describe('The containers to make', () => {
  it.each<[string, Partial<KindLevel>, { now: number; later: number }]>([
    ['none, with the minimum', {}, { now: 0, later: 0 }],
    ['the minimum, for an empty kind', { blank: 0 }, { now: 0, later: 4 }],
    ['what is missing, besides those on their way', { blank: 1, making: 2 }, { now: 0, later: 1 }],
    ['the minimum, also without room', { blank: 1, room: -5 }, { now: 0, later: 3 }],
    ['one for each that is needed now, and nothing else', { blank: 0, needed: 3 }, { now: 3, later: 0 }],
    ['only those that are not on their way yet', { blank: 0, needed: 3, making: 2 }, { now: 1, later: 0 }],
    ['none, with more on their way than are needed', { blank: 0, needed: 3, making: 5 }, { now: 0, later: 0 }],
    ['what the busiest moment needed', { peak: 10 }, { now: 0, later: 6 }],
    ['what it needed, less those in use or idle', { peak: 10, busy: 2, idle: 3 }, { now: 0, later: 1 }],
    ['the minimum, if all that it needed is idle', { blank: 0, peak: 10, idle: 10 }, { now: 0, later: 4 }],
    ['for the busiest moment only as many as there is room for', { peak: 10, room: 2 }, { now: 0, later: 2 }],
    ['none for it without room', { peak: 10, room: 0 }, { now: 0, later: 0 }],
  ])('are %s', (_title, level, expected) => {
    expect(toMake({ ...LEVEL, ...level })).toEqual(expected)
  })
})

describe('A ready container', () => {
  it.each<[string, ReadyContainer, boolean]>([
    ['stays while it is blank and young', { isBlank: true, readyMs: 500_000, ageMs: 500_000 }, false],
    ['goes when it is old', { isBlank: true, readyMs: 1, ageMs: MAXIMUM_AGE_MS }, true],
    ['stays for 75 s for its tenant', { isBlank: false, readyMs: 74_999, ageMs: 80_000 }, false],
    ['goes when its tenant has not needed it for 75 s', { isBlank: false, readyMs: 75_000, ageMs: 80_000 }, true],
    ['goes when it is old, even if a job needs it', { isBlank: false, readyMs: 1, ageMs: MAXIMUM_AGE_MS }, true],
  ])('%s', (_title, ready, expected) => {
    expect(isSpent(ready)).toBe(expected)
  })
})

describe('The blank containers that are too many', () => {
  it.each<[string, Partial<KindLevel>, number]>([
    ['none, at the minimum', {}, 0],
    ['those beyond the minimum', { blank: 9 }, 5],
    ['none, while the last minute needed them', { blank: 9, peak: 9 }, 0],
    ['those beyond what the last minute needed', { blank: 9, peak: 7 }, 2],
    ['those that idle ones make up for', { blank: 9, idle: 3, peak: 9 }, 3],
    ['none below the minimum', { blank: 2, idle: 50 }, 0],
  ])('are %s', (_title, level, expected) => {
    expect(toSurplus({ ...LEVEL, ...level })).toBe(expected)
  })
})

describe('The idle containers that are too many', () => {
  it.each([
    ['none, within the bound', { blank: 4, idle: 6, bound: 10 }, 0],
    ['those beyond the bound', { blank: 4, idle: 8, bound: 10 }, 2],
    ['all, if the blank ones alone are beyond it', { blank: 12, idle: 3, bound: 10 }, 3],
  ])('are %s', (_title, counts, expected) => {
    expect(toExcess(counts)).toBe(expected)
  })
})

describe('The busiest moment', () => {
  const start = () => {
    let at = 0
    const peak = createPeak(() => at)
    return { peak, pass: (ms: number) => (at += ms) }
  }

  it('is zero before anything happened', () => {
    expect(start().peak.value).toBe(0)
  })

  it('is the highest number of the last minute, and then forgotten', () => {
    const { peak, pass } = start()
    peak.note(100)
    peak.note(3)
    pass(59_999)
    expect(peak.value).toBe(100)
    pass(1)
    expect(peak.value).toBe(3)
  })

  it('counts as long as it lasts, and a minute from its end', () => {
    const { peak, pass } = start()
    peak.note(100)
    pass(120_000)
    expect(peak.value).toBe(100)
    peak.note(60)
    pass(30_000)
    peak.note(2)
    pass(29_999)
    expect(peak.value).toBe(100)
    pass(1)
    expect(peak.value).toBe(60)
    pass(30_000)
    expect(peak.value).toBe(2)
  })

  it('is replaced by a higher one', () => {
    const { peak, pass } = start()
    peak.note(5)
    peak.note(1)
    pass(30_000)
    peak.note(9)
    peak.note(1)
    pass(59_999)
    expect(peak.value).toBe(9)
  })
})
