// npm run bench: starts what it needs, measures one scenario after another, stops what it started, and prints the results.
// A Ctrl-C or SIGTERM ends it early; what it started is stopped then too.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { createBench } from './bench.ts'
import { CONTENDERS } from './contenders/contender.ts'
import { readOptions, USAGE, UsageError } from './options.ts'
import { drawLatency } from './report/latency-picture.ts'
import { readMachine } from './report/machine.ts'
import { replaceBetweenMarks, toPageTable } from './report/performance-page.ts'
import { toVerdictText } from './report/print.ts'
import type { Results } from './report/results.ts'
import { TARGETS } from './report/targets.ts'
import { judge, type Verdict } from './report/verdict.ts'
import { runScenarios } from './run-scenarios.ts'
import type { ScenarioName } from './scenarios/scenario.ts'

const ROOT = join(import.meta.dirname, '../../..')
const LATEST = join(ROOT, '.runnel/bench')
/** The files behind docs/performance.md are kept with the sources. */
const SHOWN = join(ROOT, 'apps/bench')
const PAGE = join(ROOT, 'docs/performance.md')

/** All parts stop within seconds, unless the engine is stuck. */
const STOP_MS = 150_000

class StoppedBySignal extends Error {
  override name = 'StoppedBySignal'
}

const say = (text: string): void => void process.stdout.write(text)

/** Aborts at the first signal. A second one ends the process at once. */
const untilSignal = (): AbortSignal => {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1)
      say('\nStopping what was started …\n')
      controller.abort(new StoppedBySignal(`Ended by ${name}`))
    })
  }
  return controller.signal
}

const measure = async (names: readonly ScenarioName[], signal: AbortSignal): Promise<Results> => {
  await using resources = new AsyncDisposableStack()
  // Keeps the process alive until all parts have stopped, whatever it waits for.
  resources.adopt(
    setInterval(() => {}, 60_000),
    clearInterval,
  )
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  const run = async (): Promise<Results> => {
    const bench = await createBench(resources)
    const machine = await readMachine(bench.docker)
    const scenarios = await runScenarios(names, bench, say, signal)
    return { at: new Date().toISOString(), machine, contenders: CONTENDERS, scenarios }
  }
  try {
    return await Promise.race([run(), stopped])
  } finally {
    setTimeout(() => {
      process.stderr.write(`Not everything could be stopped within ${STOP_MS / 1_000} seconds: look at \`docker ps\`\n`)
      process.exit(1)
    }, STOP_MS)
  }
}

/** Writes the results as JSON and the latencies as a picture; with `--docs` also the table of docs/performance.md. */
const keep = (results: Results, verdicts: readonly Verdict[], folder: string): string => {
  const path = join(folder, 'results.json')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, `${JSON.stringify(results, null, 1)}\n`)
  const picture = drawLatency(results)
  if (picture !== undefined) writeFileSync(join(folder, 'latency.svg'), picture)
  if (folder === SHOWN) {
    writeFileSync(PAGE, replaceBetweenMarks(readFileSync(PAGE, 'utf8'), toPageTable(results, verdicts)))
  }
  return path
}

const main = async (): Promise<number> => {
  const { only, check, docs, help } = readOptions(process.argv.slice(2))
  if (help) {
    say(USAGE)
    return 0
  }
  const results = await measure(only, untilSignal())
  const targets = TARGETS.filter(({ scenario }) => only.includes(scenario))
  const verdicts = targets.map((target) => judge(results, target))
  const path = keep(results, verdicts, docs ? SHOWN : LATEST)
  say(`\n${toVerdictText(verdicts)}\nAll of it: ${path}\n`)
  return check && verdicts.some(({ passed }) => !passed) ? 1 : 0
}

try {
  process.exitCode = await main()
} catch (error) {
  process.exitCode = 1
  const isExpected = error instanceof UsageError || error instanceof StoppedBySignal
  process.stderr.write(`${isExpected ? error.message : inspect(error)}\n`)
}
process.exit()
