import { describe, expect, it } from 'vitest'
import { createBackgroundTasks } from '../src/docker/background-tasks.ts'

/** A clock that the test moves; the tasks themselves look at it every few real milliseconds. */
const start = () => {
  let at = 0
  const tasks = createBackgroundTasks(() => at)
  const done: string[] = []
  const add = (name: string, kind: 'removing' | 'making' = 'making') =>
    tasks.add(kind, async () => void done.push(name))
  return { tasks, done, add, pass: (ms: number) => (at += ms) }
}

describe('Engine work that nobody waits for', () => {
  it('is done at once when no program runs', async () => {
    const { done, add } = start()
    await add('a')
    expect(done).toEqual(['a'])
  })

  it('waits for programs that have just begun, and for the moment after', async () => {
    const { tasks, done, add, pass } = start()
    const end = tasks.programBegins()
    const task = add('a')
    pass(900)
    // Given later, to others that have no program: when theirs is done, ours has had its chance.
    await start().add('elsewhere')
    expect(done).toEqual([])
    end()
    await task
    expect(done).toEqual(['a'])
  })

  it('does not wait for a program that runs on and on', async () => {
    const { tasks, done, add, pass } = start()
    tasks.programBegins()
    const task = add('a')
    pass(1_100)
    await task
    expect(done).toEqual(['a'])
  })

  it('is done after two seconds even where programs begin all the time', async () => {
    const { tasks, add, pass } = start()
    const task = add('a')
    for (let ms = 0; ms <= 2_000; ms += 10) {
      tasks.programBegins()
      pass(10)
    }
    await task
  })

  it('removes before it makes', async () => {
    const { tasks, done, add } = start()
    const end = tasks.programBegins()
    const made = Array.from({ length: 100 }, () => add('made'))
    const removed = add('removed', 'removing')
    end()
    tasks.hurry()
    await Promise.all([removed, ...made])
    expect(done[0]).toBe('removed')
  })

  it('waits for nothing when the worker stops', async () => {
    const { tasks, done, add } = start()
    tasks.programBegins()
    const task = add('a')
    tasks.hurry()
    await task
    expect(done).toEqual(['a'])
  })

  it('tells of a failure whoever gave it, and goes on with the next', async () => {
    const { tasks, done, add } = start()
    await expect(tasks.add('making', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await add('next')
    expect(done).toEqual(['next'])
  })
})
