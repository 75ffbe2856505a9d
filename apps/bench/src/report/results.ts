import type { ScenarioName } from '../scenarios/scenario.ts'
import type { Machine } from './machine.ts'
import type { Row } from './row.ts'

export interface ScenarioResult {
  readonly scenario: ScenarioName
  readonly says: string
  readonly tookMs: number
  readonly rows: readonly Row[]
  /** Why the scenario could not be measured. */
  readonly failure?: string
}

/** All results of one run. */
export interface Results {
  readonly at: string
  readonly machine: Machine
  readonly contenders: Readonly<Record<string, string>>
  readonly scenarios: readonly ScenarioResult[]
}
