import { PROGRAM } from '@runnel/contract/public'
import { expect, test } from 'vitest'
import { BOUNDS } from '../src/views/run/draft/program-bounds.ts'

test('the page knows the bounds of a program as the contract has them', () => {
  const { files, sourceBytes, stdinBytes, args, env } = PROGRAM
  expect(BOUNDS).toEqual({ files, sourceBytes, stdinBytes, args, env })
})
