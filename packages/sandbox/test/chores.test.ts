import { describe, expect, it } from 'vitest'
import { createChores } from '../src/docker/chores.ts'

/** A clock that the test moves; the chores themselves look at it every few real milliseconds. */
const start = () => {
  let at = 0
  const chores = createChores(() => at)
  const done: string[] = []
  const add = (name: string, kind: 'removing' | 'making' = 'making') =>
    chores.add(kind, async () => void done.push(name))
  return { chores, done, add, pass: (ms: number) => (at += ms) }
}

describe('Engine work that nobody waits for', () => {
  it('is done at once when no program runs', async () => {
    const { done, add } = start()
    await add('a')
    expect(done).toEqual(['a'])
  })

  it('waits for programs that have just begun, and for the moment after', async () => {
    const { chores, done, add, pass } = start()
    const end = chores.programBegins()
    const chore = add('a')
    pass(900)
    // Given later, to others that have no program: when theirs is done, ours has had its chance.
    await start().add('elsewhere')
    expect(done).toEqual([])
    end()
    await chore
    expect(done).toEqual(['a'])
  })

  it('does not wait for a program that runs on and on', async () => {
    const { chores, done, add, pass } = start()
    chores.programBegins()
    const chore = add('a')
    pass(1_100)
    await chore
    expect(done).toEqual(['a'])
  })

  it('is done after two seconds even where programs begin all the time', async () => {
    const { chores, add, pass } = start()
    const chore = add('a')
    for (let ms = 0; ms <= 2_000; ms += 10) {
      chores.programBegins()
      pass(10)
    }
    await chore
  })

  it('removes before it makes', async () => {
    const { chores, done, add } = start()
    const end = chores.programBegins()
    const made = Array.from({ length: 100 }, () => add('made'))
    const removed = add('removed', 'removing')
    end()
    chores.hurry()
    await Promise.all([removed, ...made])
    expect(done[0]).toBe('removed')
  })

  it('waits for nothing when the worker stops', async () => {
    const { chores, done, add } = start()
    chores.programBegins()
    const chore = add('a')
    chores.hurry()
    await chore
    expect(done).toEqual(['a'])
  })

  it('tells of a failure whoever gave it, and goes on with the next', async () => {
    const { chores, done, add } = start()
    await expect(chores.add('making', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await add('next')
    expect(done).toEqual(['next'])
  })
})
