import type { Bench } from '../bench.ts'
import type { Row } from '../report/row.ts'

/** In the order in which they run: what is light first, and last what keeps the engine at its limit, which tidies up for long after. */
export const SCENARIO_NAMES = [
  'watchers',
  'idle',
  'sequential',
  'staggered',
  'long-output',
  'at-once',
  'sustained',
  'burst',
  'sleepers',
] as const
export type ScenarioName = (typeof SCENARIO_NAMES)[number]

export interface Scenario {
  /** What it measures, in a line. */
  readonly says: string
  run(bench: Bench): Promise<readonly Row[]>
}
