import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { test } from 'vitest'
import type { Sandboxes } from '../src/index.ts'
import { createLocalSandboxes } from '../src/local.ts'

const { PATH = '' } = process.env

const succeeds = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0
const hasPython = succeeds('python3', '-c', 'import sys; sys.exit(sys.version_info < (3, 11))')

const create = (): Sandboxes => createLocalSandboxes({ path: `${dirname(process.execPath)}:${PATH}`, killGraceMs: 300 })

/** Describes what local sandboxes do, where they can be made. */
export const whereLocalRuns = (describeThem: (kind: string, create: () => Sandboxes) => void): void => {
  if (hasPython && succeeds('bash', '-c', 'exit')) describeThem('local', create)
  else
    test.skip('A sandbox of the kind local (skipped: it needs bash and a python3 of version 3.11 or newer)', () => {})
}
