import type { Bench } from '../bench.ts'
import type { Row } from '../report/row.ts'

export const SCENARIO_NAMES = [
  'sequential',
  'at-once',
  'staggered',
  'sustained',
  'long-output',
  'watchers',
  'idle',
  'burst',
  'sleepers',
] as const
export type ScenarioName = (typeof SCENARIO_NAMES)[number]

export interface Scenario {
  /** What it measures, in a line. */
  readonly says: string
  run(bench: Bench): Promise<readonly Row[]>
}
