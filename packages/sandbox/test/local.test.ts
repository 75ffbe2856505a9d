import { spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { test } from 'vitest'
import { createLocalSandboxes } from '../src/local.ts'
import { describeSandboxContract } from './sandbox-contract.ts'
import { describeTerminalContract } from './terminal-contract.ts'

const { PATH = '' } = process.env

const succeeds = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args).status === 0
const hasPython = succeeds('python3', '-c', 'import sys; sys.exit(sys.version_info < (3, 11))')

if (hasPython && succeeds('bash', '-c', 'exit')) {
  const create = () => createLocalSandboxes({ path: `${dirname(process.execPath)}:${PATH}`, killGraceMs: 300 })
  describeSandboxContract('local', create)
  describeTerminalContract('local', create)
} else {
  test.skip('A sandbox of the kind local (skipped: it needs bash and a python3 of version 3.11 or newer)', () => {})
}
