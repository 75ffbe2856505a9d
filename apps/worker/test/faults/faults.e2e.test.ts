import { expect, inject, test } from 'vitest'
import { FAULT_NAMES } from './inject-faults.ts'
import { runFaults } from './run-faults.ts'

/** Any. It is always the same, because `npm run test:slow` has random ones. */
const SEED = 7

// Few jobs at once: that many of them meet each fault is tested in `npm run test:slow`.
test('Accepted jobs finish exactly once while workers, API, Redis and engine die, each in every way once', async () => {
  const { accepted, faults, ourFailures } = await runFaults({
    seed: SEED,
    forMs: 0,
    jobs: 40,
    atOnce: 6,
    testRun: inject('testRun'),
  })
  expect(accepted).toBeGreaterThanOrEqual(40)
  expect([...faults]).toEqual(expect.arrayContaining(FAULT_NAMES.map((name) => [name, 1])))
  expect(faults.size).toBe(FAULT_NAMES.length)
  expect(ourFailures).toBe(0)
})
