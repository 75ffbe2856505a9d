import { whereLocalRuns } from './local-fixture.ts'
import { describeTerminalContract } from './terminal-contract.ts'

// `npm test` has the terminals of Docker's sandboxes: sandbox.docker.test.ts.
whereLocalRuns(describeTerminalContract)
