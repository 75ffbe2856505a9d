import { testHostile } from './hostile/test-hostile.ts'

testHostile(() => true)
