import { readConfig, SETTINGS } from '@runnel/process'
import { expect, inject, test } from 'vitest'
import { z } from 'zod'
import { FAULT_NAMES } from './inject-faults.ts'
import { OUR_FAILURES_SHARE, runFaults } from './run-faults.ts'

const MINUTE_MS = 60_000

test('Accepted jobs finish exactly once, for as long as the test runs', async () => {
  const { RUNNEL_SOAK_MINUTES: minutes, RUNNEL_SOAK_SEED: seed } = readConfig(z.object(SETTINGS.soak))
  process.stdout.write(`Random faults for ${minutes} minutes: npm run soak -- --minutes ${minutes} --seed ${seed}\n`)
  const startedAt = performance.now()
  const onFault = (fault: string) =>
    process.stdout.write(`${Math.round((performance.now() - startedAt) / 1_000)} s: ${fault}\n`)
  const report = await runFaults({ seed, forMs: minutes * MINUTE_MS, jobs: 100, testRun: inject('testRun'), onFault })
  process.stdout.write(`${JSON.stringify({ ...report, faults: Object.fromEntries(report.faults) }, undefined, 2)}\n`)
  expect([...report.faults.keys()].sort()).toEqual([...FAULT_NAMES].sort())
  expect(report.ourFailures / report.accepted).toBeLessThanOrEqual(OUR_FAILURES_SHARE)
})
