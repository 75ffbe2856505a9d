import { parseArgs } from 'node:util'
import { SCENARIO_NAMES, type ScenarioName } from './scenarios/scenario.ts'

export const USAGE = `npm run bench -- [--only <scenarios>] [--check] [--docs]

Measures Runnel side by side with the usual alternatives, in about ten minutes, on this machine.

  --only sequential,burst   only these of: ${SCENARIO_NAMES.join(', ')}
  --check                   compares with the targets and exits with 1 if one is missed
  --docs                    puts the table and the picture into docs/performance.md (needs a whole run)
  --help                    this
`

export interface Options {
  readonly only: readonly ScenarioName[]
  readonly check: boolean
  readonly docs: boolean
  readonly help: boolean
}

/** The command line cannot be used. The message says what to write instead. */
export class UsageError extends Error {
  override name = 'UsageError'
}

const isScenario = (name: string): name is ScenarioName => SCENARIO_NAMES.some((known) => known === name)

const readNames = (list: string): ScenarioName[] =>
  list.split(',').map((name) => {
    if (isScenario(name)) return name
    throw new UsageError(`There is no scenario "${name}": name some of ${SCENARIO_NAMES.join(', ')}`)
  })

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        check: { type: 'boolean', default: false },
        docs: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

export const readOptions = (args: readonly string[]): Options => {
  const { only, check, docs, help } = parse(args)
  if (docs && only !== undefined) throw new UsageError('--docs needs a whole run: leave out --only')
  return { only: only === undefined ? SCENARIO_NAMES : readNames(only), check, docs, help }
}
