import { createTestSandboxes } from './docker-fixture.ts'
import { describeSandboxContract } from './sandbox-contract.ts'

describeSandboxContract('docker', () => createTestSandboxes())
