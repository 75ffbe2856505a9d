import { dirname } from 'node:path'
import { createLocalSandboxes } from '../src/local.ts'
import { describeSandboxContract } from './sandbox-contract.ts'

const { PATH = '' } = process.env

describeSandboxContract('local', () =>
  createLocalSandboxes({ path: `${dirname(process.execPath)}:${PATH}`, killGraceMs: 300 }),
)
