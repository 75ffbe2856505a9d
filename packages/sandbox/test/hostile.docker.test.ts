import { testHostile } from './hostile/test-hostile.ts'

// Every third of each group. `npm run test:slow` takes them all.
testHostile((at) => at % 3 === 0)
