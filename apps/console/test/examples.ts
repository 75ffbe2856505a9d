import type { OutcomeClass, Queue, Stats, Worker } from '@runnel/contract/public'

type Ended<T> = Partial<Record<OutcomeClass, T>>

const endedAs = <T>(none: T, given: Ended<T>): Record<OutcomeClass, T> => ({
  succeeded: none,
  failed: none,
  signaled: none,
  'timed-out': none,
  'out-of-memory': none,
  'output-limit': none,
  canceled: none,
  'sandbox-ended': none,
  'sandbox-failed': none,
  ...given,
})

/** A worker that runs 2 jobs and has one sandbox ready. */
export const exampleWorker = (given: Partial<Worker> = {}): Worker => ({
  id: 'w1',
  host: 'alder',
  version: '0.1.0',
  alive: true,
  ready: true,
  state: 'ready',
  drained: false,
  busy: 2,
  concurrency: 4,
  pool: { idle: 1, bound: 8 },
  sandboxes: { running: 0, bound: 4 },
  isolation: { served: 'job' },
  startedAt: '2026-11-29T12:00:00.000Z',
  lastSeenAt: '2026-11-29T12:00:00.000Z',
  ...given,
})

/** A queue in which nothing waits. */
export const exampleQueue = (given: Partial<Queue> = {}): Queue => ({
  waiting: 0,
  oldestAt: null,
  running: 0,
  waitingBound: 100_000,
  tenants: [],
  tenantsLeftOut: 0,
  ...given,
})

/** The three minutes from noon, in the first of which a job waited for 12 to 40 ms. */
export const exampleStats = (ended: Ended<number[]> = {}): Stats => {
  const durations = { count: [1, 0, 0], p50: [12, null, null], p95: [40, null, null] }
  const durationTotals = { count: 1, p50: 12, p95: 40 }
  const sums = Object.fromEntries(
    Object.entries(ended).map(([name, counts]) => [name, counts.reduce((sum, count) => sum + count, 0)]),
  )
  return {
    from: '2026-11-29T12:00:00.000Z',
    to: '2026-11-29T12:03:00.000Z',
    stepMs: 60_000,
    series: {
      accepted: [4, 0, 0],
      refused: {},
      ended: endedAs([0, 0, 0], ended),
      waitMs: durations,
      firstOutputMs: durations,
      runMs: durations,
      waiting: { highest: [2, null, 0], mean: [1, null, 0] },
      running: { highest: [3, null, 4], mean: [1, null, 2] },
    },
    totals: {
      accepted: 4,
      refused: {},
      ended: endedAs(0, sums),
      waitMs: durationTotals,
      firstOutputMs: durationTotals,
      runMs: durationTotals,
    },
  }
}
