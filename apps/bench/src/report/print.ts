import type { ScenarioResult } from './results.ts'
import type { Row } from './row.ts'
import { toDigits, toTable } from './table.ts'
import type { Target } from './targets.ts'
import type { Verdict } from './verdict.ts'

const HEADER = ['contender', 'what', 'unit', 'ok', 'of', 'min', 'median', 'p95', 'p99', 'max']
const TEXT_COLUMNS = 3

const toCells = ({ contender, what, unit, asked, succeeded, summary }: Row): string[] => {
  const cells = [contender, what, unit, `${succeeded}`, `${asked}`]
  if (summary === undefined) return [...cells, '-', '-', '-', '-', '-']
  const { min, median, p95, p99, max } = summary
  return [...cells, ...[min, median, p95, p99, max].map(toDigits)]
}

/** The results of a scenario, as a table. */
export const toScenarioText = ({ rows, failure, tookMs }: ScenarioResult): string => {
  const whys = rows.flatMap(({ contender, why }) => (why === undefined ? [] : [`  ${contender}: ${why}`]))
  const parts = [
    ...(rows.length === 0 ? [] : [toTable([HEADER, ...rows.map(toCells)], TEXT_COLUMNS)]),
    ...whys,
    ...(failure === undefined ? [] : [`  failed: ${failure}`]),
    `  ${(tookMs / 1_000).toFixed(1)} s`,
  ]
  return `${parts.join('\n')}\n`
}

export const toBoundText = ({ bound, theirs }: Target): string => {
  const sign = theirs === undefined ? '' : ' ×'
  return 'atMost' in bound ? `≤ ${bound.atMost}${sign}` : `≥ ${bound.atLeast}${sign}`
}

const toOptional = (value: number | undefined): string => (value === undefined ? '-' : toDigits(value))

const toWord = ({ measured, passed, excused }: Verdict): string => {
  if (measured === undefined) return 'not measured'
  if (excused) return 'too slow here'
  return passed ? 'pass' : 'MISS'
}

/** Every target with the measured value. */
export const toVerdictText = (verdicts: readonly Verdict[]): string => {
  const rows = verdicts.map((verdict) => {
    const { target, ours, theirs, measured } = verdict
    const cells = [ours, theirs, measured].map(toOptional)
    return [toWord(verdict), target.scenario, target.says, ...cells, toBoundText(target)]
  })
  return `${toTable([['', 'scenario', 'target', 'ours', 'theirs', 'measured', 'bound'], ...rows], TEXT_COLUMNS)}\n`
}
