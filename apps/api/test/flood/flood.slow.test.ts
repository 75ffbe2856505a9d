import { testFloods } from './test-floods.ts'

testFloods(() => true)
