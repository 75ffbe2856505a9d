import { afterAll } from 'vitest'
import { sandboxes, testPrograms } from './equality/test-programs.ts'

afterAll(() => sandboxes[Symbol.asyncDispose]())

testPrograms(() => true)
