import type { Bench } from '../bench.ts'
import type { Row } from '../report/row.ts'

/** In the order in which they run: light ones first. Those that keep the engine at its limit are last, because it cleans up long after. */
export const SCENARIO_NAMES = [
  'watchers',
  'idle',
  'sequential',
  'staggered',
  'long-output',
  'sandboxes',
  'previews',
  'at-once',
  'sustained',
  'burst',
  'sleepers',
  'sandboxes-idle',
  'rest',
] as const
export type ScenarioName = (typeof SCENARIO_NAMES)[number]

export interface Scenario {
  /** What it measures, in one line. */
  readonly says: string
  run(bench: Bench): Promise<readonly Row[]>
}
