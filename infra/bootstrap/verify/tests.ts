// `npm test`: the static checks beside the tests, and as its very last line `N passed, N failed`. Which levels of tests run
// side by side stands in vitest.config.ts.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { KEPT } from '../places.ts'
import { bundlePrograms, PROGRAMS } from './bundle-programs.ts'
import { runCheck } from './run-check.ts'

interface Count {
  readonly passed: number
  readonly failed: number
}

type Check = readonly [name: string, command: string, ...args: string[]]

/**
 * By default the compiler checks with four threads, and each of them reads the same declarations: 10 s of a processor with one
 * thread, 17 s with four (November 2026).
 */
const TYPES = ['pnpm', 'exec', 'tsc', '--checkers', '1', '-p'] as const

/** Each counts as one failed test if it fails, and as nothing if it passes. */
const CHECKS: readonly Check[] = [
  ['types', ...TYPES, 'tsconfig.node.json'],
  ['types in browsers', ...TYPES, 'tsconfig.browser.json'],
  ['types of the contract in browsers', ...TYPES, 'packages/contract/tsconfig.browser.json'],
  ['types of Python', 'pnpm', '--filter', '@runnel/agent', 'exec', 'pyright'],
  ['lint', 'pnpm', 'exec', 'biome', 'check'],
  ['lint of Python', 'pnpm', '--filter', '@runnel/agent', 'run', 'lint'],
  ['dead code', 'pnpm', 'exec', 'knip'],
]

const LEVELS = ['pure', 'redis', 'docker', 'e2e']
const WITH_BROWSER = [...LEVELS, 'browser']
const REPORT = join(KEPT, 'test/report.json')

const say = (line: string): boolean => process.stdout.write(`${line}\n`)

export interface Checks extends Disposable {
  /** Resolves with the names that failed. */
  readonly failed: Promise<readonly string[]>
  /** From now on a line for each that has ended. */
  show(): void
}

/**
 * They need the packages alone, so they start before the rest is prepared. One after the other: together they would slow down the
 * tests that measure time. Disposing ends them.
 */
export const startChecks = (): Checks => {
  const stop = new AbortController()
  // The preparation writes lines in two parts. Nothing may come between them.
  let kept: string[] | undefined = []
  const tell = (line: string): void => void (kept === undefined ? say(line) : kept.push(line))
  const runAll = async (): Promise<readonly string[]> => {
    const failed: string[] = []
    for (const [name, command, ...args] of CHECKS) {
      if (stop.signal.aborted) break
      const { passed, seconds, output } = await runCheck(command, args, { signal: stop.signal })
      tell(`  ${passed ? '✓' : '✗'} ${name} (${seconds} s)${passed ? '' : `\n${output}`}`)
      if (!passed) failed.push(name)
    }
    return failed
  }
  return {
    failed: runAll(),
    show() {
      for (const line of kept ?? []) say(line)
      kept = undefined
    },
    [Symbol.dispose]: () => stop.abort(),
  }
}

const runLevels = async (names: readonly string[]): Promise<Count> => {
  mkdirSync(dirname(REPORT), { recursive: true })
  rmSync(REPORT, { force: true })
  const levels = names.flatMap((level) => ['--project', level])
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`]
  await bundlePrograms()
  const { passed } = await runCheck('pnpm', ['exec', 'vitest', 'run', ...levels, ...reporters], {
    onOutput: (text) => process.stdout.write(text),
    env: { TEST_PROGRAMS: PROGRAMS },
  })
  const count = readReport()
  // A file that does not load, a leak or an unhandled error fails a run in which every test passed.
  return passed || count.failed > 0 ? count : { ...count, failed: 1 }
}

const readReport = (): Count => {
  try {
    const report: { numPassedTests: number; numFailedTests: number } = JSON.parse(readFileSync(REPORT, 'utf8'))
    return { passed: report.numPassedTests, failed: report.numFailedTests }
  } catch {
    return { passed: 0, failed: 0 }
  }
}

/** Resolves with the exit code. `leftOut`: what is left out on this machine, a sentence each. */
export const runTests = async (options: {
  readonly checks: Checks
  readonly hasBrowser: boolean
  readonly leftOut: readonly string[]
}): Promise<number> => {
  const levels = options.hasBrowser ? WITH_BROWSER : LEVELS
  options.checks.show()
  const [failedChecks, tests] = await Promise.all([options.checks.failed, runLevels(levels)])
  for (const sentence of options.leftOut) say(`\n  ${sentence}`)
  for (const name of failedChecks) say(`  ✗ ${name} failed: read above why`)
  const failed = tests.failed + failedChecks.length
  say(`\n${tests.passed} passed, ${failed} failed`)
  return failed > 0 || tests.passed === 0 ? 1 : 0
}
