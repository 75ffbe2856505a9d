import { describe, expect, it } from 'vitest'
import { claimUidBlock, toUidRange } from '../src/docker/uid-block.ts'

describe('The users of a container', () => {
  it('are far above those of any image, and below 65,536 if the engine has no more', () => {
    expect(toUidRange(['name=seccomp,profile=default']).from).toBeGreaterThan(65_536)
    for (const option of ['name=userns', 'name=rootless']) {
      expect(toUidRange([option])).toMatchObject({ from: 20_000, to: 60_000 })
    }
  })

  it('are claimed by a container name, which is unique in the engine', async () => {
    const taken = new Set<string>()
    const range = { from: 100, to: 130, perContainer: 10 }
    const claim = () =>
      claimUidBlock(range, async (_block, name) => {
        if (taken.has(name)) return undefined
        taken.add(name)
        return name
      })
    const blocks = [await claim(), await claim(), await claim()].map(({ uids }) => uids.first)
    expect(blocks.toSorted()).toEqual([100, 110, 120])
    await expect(claim()).rejects.toThrow('names for a container were taken')
  })
})
