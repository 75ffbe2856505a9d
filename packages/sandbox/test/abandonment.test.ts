import { describe, expect, it } from 'vitest'
import { createAbandonment } from '../src/docker/abandonment.ts'

const HOUR_MS = 3_600_000

const start = () => {
  let at = 0
  const abandonment = createAbandonment({ worker: 'me', now: () => at })
  return {
    pass: (ms: number) => (at += ms),
    /** Whether a container in this state is abandoned now. */
    isAbandoned: (State: string, worker = 'other', more = {}) =>
      abandonment.look([{ Id: 'a', State, Labels: { 'runnel.worker': worker, ...more } }]).has('a'),
    lookAway: () => abandonment.look([]),
  }
}

describe('A container of another worker', () => {
  it.each([
    ['exited', 10_000],
    ['dead', 10_000],
    ['created', 120_000],
    ['running', HOUR_MS + 11 * 60_000],
  ])('is abandoned when it was seen %s for %d ms, and not a moment before', (state, ms) => {
    const { isAbandoned, pass } = start()
    expect(isAbandoned(state)).toBe(false)
    pass(ms - 1)
    expect(isAbandoned(state)).toBe(false)
    pass(1)
    expect(isAbandoned(state)).toBe(true)
  })

  it('that holds a sandbox that lasts may live for a day, running or paused', () => {
    const { isAbandoned, pass } = start()
    const lasting = { 'runnel.use': 'sandbox' }
    isAbandoned('running', 'other', lasting)
    pass(24 * HOUR_MS)
    expect(isAbandoned('paused', 'other', lasting)).toBe(false)
    pass(11 * 60_000)
    expect(isAbandoned('paused', 'other', lasting)).toBe(true)
  })

  it('that ran for long and has just ended is left to its worker, which asks how it ended', () => {
    const { isAbandoned, pass } = start()
    isAbandoned('running')
    pass(HOUR_MS)
    expect(isAbandoned('exited')).toBe(false)
    pass(9_000)
    expect(isAbandoned('exited')).toBe(false)
    pass(1_000)
    expect(isAbandoned('exited')).toBe(true)
  })

  it('counts as new if it comes again', () => {
    const { isAbandoned, lookAway, pass } = start()
    isAbandoned('exited')
    pass(20_000)
    lookAway()
    expect(isAbandoned('exited')).toBe(false)
  })
})

describe('A container of this worker that the worker does not know', () => {
  it('is abandoned after two minutes, in any state', () => {
    const { isAbandoned, pass } = start()
    isAbandoned('created', 'me')
    pass(60_000)
    isAbandoned('running', 'me')
    pass(60_000)
    expect(isAbandoned('running', 'me')).toBe(true)
  })
})
