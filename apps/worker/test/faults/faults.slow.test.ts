import { randomInt } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { FAULT_NAMES } from './inject-faults.ts'
import { OUR_FAILURES_SHARE, runFaults } from './run-faults.ts'

test('Accepted jobs finish exactly once while workers, API, Redis and engine die at random', async () => {
  const seed = randomInt(2 ** 31)
  process.stdout.write(`Seed of the random faults: ${seed} (npm run soak -- --seed ${seed})\n`)
  const report = await runFaults({ seed, forMs: 10_000, jobs: 300, testRun: inject('testRun') })
  process.stdout.write(`${JSON.stringify({ ...report, faults: Object.fromEntries(report.faults) })}\n`)
  expect(report.accepted).toBeGreaterThanOrEqual(300)
  expect([...report.faults.keys()].sort()).toEqual([...FAULT_NAMES].sort())
  expect(report.ourFailures / report.accepted).toBeLessThanOrEqual(OUR_FAILURES_SHARE)
})
