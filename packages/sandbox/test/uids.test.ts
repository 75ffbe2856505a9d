import { describe, expect, it } from 'vitest'
import { claimUids, toUidRange } from '../src/docker/uids.ts'

describe('The users of a container', () => {
  it('are far above those of any image, and below 65,536 if the engine has no more', () => {
    expect(toUidRange(['name=seccomp,profile=default'])).toEqual({ from: 1_000_000, to: 101_000_000 })
    for (const option of ['name=userns', 'name=rootless']) {
      expect(toUidRange([option])).toEqual({ from: 20_000, to: 60_000 })
    }
  })

  it('are claimed by a container name, which is unique in the engine', async () => {
    const taken = new Set<string>()
    const range = { from: 100, to: 112 }
    const claim = () =>
      claimUids(range, async (_first, name) => {
        if (taken.has(name)) return undefined
        taken.add(name)
        return name
      })
    const blocks = [await claim(), await claim(), await claim()].map(({ first }) => first)
    expect(blocks.toSorted()).toEqual([100, 104, 108])
    await expect(claim()).rejects.toThrow('All of 50 names for a container were taken')
  })
})
