import { availableParallelism } from 'node:os'
import { eventually } from '@runnel/testing'
import { describe, expect, it } from 'vitest'
import { createStartLimiter } from '../src/docker/start-limiter.ts'

const AT_ONCE = availableParallelism() * 2

/** Many programs that want to start. */
const enterAll = (count: number) => {
  const limiter = createStartLimiter()
  const leaves: (() => void)[] = []
  const all = Promise.all(Array.from({ length: count }, () => limiter.enter().then((leave) => leaves.push(leave))))
  return { leaves, all }
}

describe('Programs that want to start at the same moment', () => {
  it('start a few at a time, the next one as soon as one has ended', async () => {
    const { leaves, all } = enterAll(AT_ONCE + 2)
    await Promise.resolve()
    await eventually(() => leaves.length >= AT_ONCE)
    expect(leaves).toHaveLength(AT_ONCE)
    leaves[0]?.()
    // If an end is reported twice, it makes room only once.
    leaves[0]?.()
    await Promise.resolve()
    await Promise.resolve()
    expect(leaves).toHaveLength(AT_ONCE + 1)
    await all
  })

  it('do not wait for one that runs for long', async () => {
    const { leaves, all } = enterAll(AT_ONCE * 5)
    await all
    expect(leaves).toHaveLength(AT_ONCE * 5)
  })
})
