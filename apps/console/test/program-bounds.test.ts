import { defaultLimits, PROGRAM } from '@runnel/contract/public'
import { expect, test } from 'vitest'
import { createExample } from '../src/views/run/draft/draft.ts'
import { BOUNDS, USUAL_LIMITS } from '../src/views/run/draft/program-bounds.ts'
import { withLimits } from '../src/views/run/draft/to-submission.ts'

test('the page knows the bounds of a program as the contract has them', () => {
  const { files, sourceBytes, stdinBytes, args, env } = PROGRAM
  expect(BOUNDS).toEqual({ files, sourceBytes, stdinBytes, args, env })
})

test('the page knows the usual limits as the contract has them', () => {
  expect(withLimits(createExample(), defaultLimits()).limits).toEqual(USUAL_LIMITS)
})
