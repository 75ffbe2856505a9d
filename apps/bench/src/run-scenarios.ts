import type { Bench } from './bench.ts'
import { toScenarioText } from './report/print.ts'
import type { ScenarioResult } from './report/results.ts'
import { atOnce } from './scenarios/at-once.ts'
import { burst } from './scenarios/burst.ts'
import { idle } from './scenarios/idle.ts'
import { longOutput } from './scenarios/long-output.ts'
import { previews } from './scenarios/previews.ts'
import { rest } from './scenarios/rest.ts'
import { sandboxes } from './scenarios/sandboxes.ts'
import { sandboxesIdle } from './scenarios/sandboxes-idle.ts'
import type { Scenario, ScenarioName } from './scenarios/scenario.ts'
import { sequential } from './scenarios/sequential.ts'
import { sleepers } from './scenarios/sleepers.ts'
import { staggered } from './scenarios/staggered.ts'
import { sustained } from './scenarios/sustained.ts'
import { watchers } from './scenarios/watchers.ts'

const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  sequential,
  'at-once': atOnce,
  staggered,
  sustained,
  'long-output': longOutput,
  sandboxes,
  previews,
  'sandboxes-idle': sandboxesIdle,
  watchers,
  idle,
  burst,
  sleepers,
  rest,
}

const runOne = async (name: ScenarioName, bench: Bench): Promise<ScenarioResult> => {
  const { says, run } = SCENARIOS[name]
  const started = performance.now()
  const toResult = () => ({ scenario: name, says, tookMs: Math.round(performance.now() - started) })
  try {
    await bench.untilQuiet()
    const rows = await run(bench)
    return { ...toResult(), rows }
  } catch (error) {
    return { ...toResult(), rows: [], failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

/** Runs scenarios one after another. A failure is reported, and the next one runs. */
export const runScenarios = async (
  names: readonly ScenarioName[],
  bench: Bench,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<ScenarioResult[]> => {
  const results: ScenarioResult[] = []
  for (const name of names) {
    signal.throwIfAborted()
    say(`\n── ${name}: ${SCENARIOS[name].says}\n`)
    const result = await runOne(name, bench)
    signal.throwIfAborted()
    results.push(result)
    say(toScenarioText(result))
  }
  return results
}
