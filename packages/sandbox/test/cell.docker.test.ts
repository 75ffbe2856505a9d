import { createCellSandboxes } from './cell-fixture.ts'
import { describeSandboxContract } from './sandbox-contract.ts'
import { describeTerminalContract } from './terminal-contract.ts'

describeSandboxContract('cell', createCellSandboxes)
describeTerminalContract('cell', createCellSandboxes)
