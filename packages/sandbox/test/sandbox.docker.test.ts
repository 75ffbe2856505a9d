import { createTestSandboxes } from './docker-fixture.ts'
import { describeSandboxContract } from './sandbox-contract.ts'
import { describeTerminalContract } from './terminal-contract.ts'

describeSandboxContract('docker', () => createTestSandboxes())
describeTerminalContract('docker', () => createTestSandboxes())
