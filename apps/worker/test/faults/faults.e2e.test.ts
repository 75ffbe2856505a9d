import { randomInt } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { runFaults } from './run-faults.ts'

test('Jobs that are accepted finish exactly once while workers, API, Redis and engine die at random', async () => {
  const seed = randomInt(2 ** 31)
  process.stdout.write(`Seed of the random faults: ${seed} (npm run soak -- --seed ${seed})\n`)
  const report = await runFaults({ seed, forMs: 14_000, jobs: 200, testRun: inject('testRun') })
  process.stdout.write(`${JSON.stringify({ ...report, faults: Object.fromEntries(report.faults) })}\n`)
  expect(report.accepted).toBeGreaterThanOrEqual(200)
  // Most of what breaks under a job is made good by beginning it again.
  expect(report.ourFailures).toBeLessThan(report.accepted / 10)
})
