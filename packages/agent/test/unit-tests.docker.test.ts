import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RUN_LABEL } from '@runnel/testing'
import { expect, inject, test } from 'vitest'

/** Takes the tests as JSON, because nothing may be mounted into a container on another machine. */
const RUN_TESTS = `
import json, os, sys, unittest
os.mkdir("/tmp/test")
for name, source in json.load(sys.stdin).items():
    with open(f"/tmp/test/{name}", "w") as file:
        file.write(source)
sys.path.insert(0, "/opt/runnel/agent")
unittest.main(module=None, argv=["unittest", "discover", "--start-directory", "/tmp/test"])
`

/** They took 90 s on a machine with two processors where 47 processes wanted one (2026-11-30). */
const TIMEOUT_MS = 110_000

test('The unit tests of the agent pass in the image, none skipped', { timeout: TIMEOUT_MS + 10_000 }, () => {
  const names = globSync('test_*.py', { cwd: import.meta.dirname })
  const tests = Object.fromEntries(names.map((name) => [name, readFileSync(join(import.meta.dirname, name), 'utf8')]))
  const label = `${RUN_LABEL}=${inject('testRun')}`
  // As in a cell: its agent makes namespaces, and no part of /proc is covered.
  const likeCell = [
    '--security-opt=seccomp=unconfined',
    '--security-opt=systempaths=unconfined',
    '--tmpfs=/etc:mode=0755',
  ]
  const options = ['--rm', '--interactive', '--label', label, '--network=none', ...likeCell, '--entrypoint=python3']
  const { status, stderr } = spawnSync('docker', ['run', ...options, 'runnel/python', '-B', '-c', RUN_TESTS], {
    input: JSON.stringify(tests),
    encoding: 'utf8',
    // A call that blocks stops the timer of a test, too.
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  expect(status, stderr).toBe(0)
  const written = Object.values(tests).flatMap((source) => source.match(/^ {4}def test_/gm) ?? [])
  expect(stderr).toContain(`\nRan ${written.length} tests in `)
  // With skipped tests it would be "OK (skipped=1)".
  expect(stderr).toMatch(/\nOK\n$/)
})
