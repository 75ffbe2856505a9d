// Every check, every level of tests, and as its very last line `N passed, N failed`.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../places.ts'
import { runCheck } from './run-check.ts'

interface Count {
  readonly passed: number
  readonly failed: number
}

const REPORTS = join(ROOT, '.runnel/test')

/** Each counts as one failed test when it fails, and as nothing when it passes. */
const CHECKS: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['types', 'pnpm', 'exec', 'turbo', 'run', 'types', '--output-logs=errors-only'],
  ['types of infra', 'pnpm', 'exec', 'tsc'],
  ['lint', 'pnpm', 'exec', 'biome', 'check'],
  ['dead code', 'pnpm', 'exec', 'knip'],
]

/** From the cheapest to the dearest; one after the other, for two processors are soon busy. */
const LEVELS = ['pure', 'redis', 'docker', 'e2e'] as const

const say = (line: string): boolean => process.stdout.write(`${line}\n`)

const runStaticCheck = async ([name, command, ...args]: (typeof CHECKS)[number]): Promise<Count> => {
  const { passed, seconds, output } = await runCheck(command, args)
  say(`  ${passed ? '✓' : '✗'} ${name} (${seconds} s)`)
  if (!passed) say(output)
  return { passed: 0, failed: passed ? 0 : 1 }
}

const runLevel = async (level: (typeof LEVELS)[number]): Promise<Count> => {
  say(`\n── ${level}`)
  const report = join(REPORTS, `${level}.json`)
  rmSync(report, { force: true })
  const args = ['exec', 'vitest', 'run', '--project', level, '--reporter=default', '--reporter=json']
  const result = await runCheck('pnpm', [...args, `--outputFile.json=${report}`], (text) => process.stdout.write(text))
  const count = readReport(report)
  // A file that does not load, a leak or an unhandled error fails a run in which every test passed.
  return result.passed || count.failed > 0 ? count : { ...count, failed: 1 }
}

const readReport = (path: string): Count => {
  try {
    const report: { numPassedTests: number; numFailedTests: number } = JSON.parse(readFileSync(path, 'utf8'))
    return { passed: report.numPassedTests, failed: report.numFailedTests }
  } catch {
    return { passed: 0, failed: 0 }
  }
}

/** Resolves with the exit code. */
export const runTests = async (): Promise<number> => {
  mkdirSync(REPORTS, { recursive: true })
  const counts: Count[] = []
  for (const check of CHECKS) counts.push(await runStaticCheck(check))
  for (const level of LEVELS) counts.push(await runLevel(level))
  const passed = counts.reduce((sum, count) => sum + count.passed, 0)
  const failed = counts.reduce((sum, count) => sum + count.failed, 0)
  say(`\n${passed} passed, ${failed} failed`)
  return failed > 0 || passed === 0 ? 1 : 0
}
