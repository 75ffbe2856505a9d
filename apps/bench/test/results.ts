import type { Results } from '../src/report/results.ts'
import type { Row } from '../src/report/row.ts'
import type { ScenarioName } from '../src/scenarios/scenario.ts'

/** Results that have these rows in one scenario. */
export const resultsWith = (scenario: ScenarioName, ...rows: Row[]): Results => ({
  at: '2026-01-02T03:04:05.000Z',
  machine: {
    processors: 2,
    model: 'a processor',
    memoryGiB: 4,
    kernel: '6.1',
    docker: '28',
    cgroup: 'v2',
    node: 'v24.0.0',
  },
  contenders: {},
  scenarios: [{ scenario, says: 'something', tookMs: 1_000, rows }],
})
