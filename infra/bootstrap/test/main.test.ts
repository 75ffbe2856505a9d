import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const runMain = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, '../main.ts'), ...args], {
    encoding: 'utf8',
    timeout: 15_000,
    killSignal: 'SIGKILL',
  })

test.each([
  [['constructor'], "There is no command 'constructor': use one of start, stop, "],
  [['soak', '--bogus'], "Unknown option '--bogus'"],
  [['start', '--bogus'], "Unknown option '--bogus' (npm start -- --help lists the options)"],
  [['start', '--workers', '0'], '--workers is a number from 1 to 64'],
  [['test', '--bogus'], "Unknown option '--bogus'"],
])('The command line %j ends with one sentence that says what is wrong, and with code 2', (args, sentence) => {
  const { status, stderr } = runMain(...args)
  expect(status, stderr).toBe(2)
  expect(stderr).toMatch(/^runnel: [^\n]+\n$/)
  expect(stderr).toContain(sentence)
  expect(stderr).not.toContain('supervise')
})
