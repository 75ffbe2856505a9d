import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../src/agent/frames.ts'
import { SandboxFailure } from '../src/index.ts'

const ENDED = new Error('The connection to the container ended')
const LIE = new ProtocolError('The agent broke the protocol')

describe('A sandbox that failed', () => {
  it.each([
    ['was lost when its connection ended under the program', { cause: ENDED, programStarted: true }, true],
    ['was not lost before a program started', { cause: ENDED, programStarted: false }, false],
    [
      'was not lost if the program was past its wall limit',
      { cause: ENDED, programStarted: true, ranOver: true },
      false,
    ],
    ['was not lost if its agent sent what our agent never sends', { cause: LIE, programStarted: true }, false],
  ])('%s', (_, options, wasLost) => {
    expect(new SandboxFailure('It failed', options).wasLost).toBe(wasLost)
  })
})
