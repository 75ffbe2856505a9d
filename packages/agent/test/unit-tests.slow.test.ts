import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** What the local sandbox needs. */
const OLDEST = '(3, 11)'
/** A call that blocks stops the timer of a test, too. */
const TIMEOUT_MS = 120_000

const python = (...args: readonly string[]) =>
  spawnSync('python3', ['-B', ...args], {
    cwd: import.meta.dirname,
    env: { ...process.env, PYTHONPATH: join(import.meta.dirname, '../src') },
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })

const hasPython = python('-c', `import sys; sys.exit(sys.version_info < ${OLDEST})`).status === 0
const reason = hasPython ? '' : ' (skipped: there is no python3 of version 3.11 or newer here)'

// `npm test` runs them with the Python of the image: unit-tests.docker.test.ts.
test.skipIf(!hasPython)(
  `The unit tests of the agent pass with the python3 of this machine${reason}`,
  {
    timeout: TIMEOUT_MS,
  },
  () => {
    const { status, stderr } = python('-m', 'unittest', 'discover')
    expect(status, stderr).toBe(0)
    const written = globSync('test_*.py', { cwd: import.meta.dirname }).flatMap(
      (name) => readFileSync(join(import.meta.dirname, name), 'utf8').match(/^ {4}def test_/gm) ?? [],
    )
    expect(stderr).toContain(`\nRan ${written.length} tests in `)
  },
)
