import { afterAll } from 'vitest'
import { sandboxes, testPrograms } from './test-programs.ts'

afterAll(() => sandboxes[Symbol.asyncDispose]())

testPrograms(() => true)
