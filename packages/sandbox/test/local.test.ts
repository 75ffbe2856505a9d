import { whereLocalRuns } from './local-fixture.ts'
import { describeSandboxContract } from './sandbox-contract.ts'

whereLocalRuns(describeSandboxContract)
