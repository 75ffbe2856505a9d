import { testFloods } from './test-floods.ts'

// Every third of each kind. `npm run test:slow` takes them all.
testFloods((at) => at % 3 === 0)
