import { describe, expect, test } from 'vitest'
import { toRunTimes } from '../src/views/history/run-times.ts'

const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 29, 12, 0, seconds)).toISOString()
const now = Date.parse(at(30))

describe('The times of a run', () => {
  test('are those of its events, and how long it ran is what the worker measured', () => {
    const job = {
      status: 'finished',
      submittedAt: at(0),
      startedAt: at(2),
      finishedAt: at(7),
      usage: { wallMs: 4_870.5, cpuMs: 12, peakMemoryBytes: null },
    } as const
    expect(toRunTimes(job, now)).toEqual({ waitedMs: 2_000, ranMs: 4_870.5 })
  })

  test('grow until now while it waits and while it runs', () => {
    expect(toRunTimes({ status: 'queued', submittedAt: at(20) }, now)).toEqual({ waitedMs: 10_000, ranMs: 0 })
    expect(toRunTimes({ status: 'running', submittedAt: at(20), startedAt: at(24) }, now)).toEqual({
      waitedMs: 4_000,
      ranMs: 6_000,
    })
  })

  test('are only a wait if it was canceled while it waited', () => {
    const job = { status: 'finished', submittedAt: at(1), finishedAt: at(4), usage: null } as const
    expect(toRunTimes(job, now)).toEqual({ waitedMs: 3_000, ranMs: 0 })
  })
})
