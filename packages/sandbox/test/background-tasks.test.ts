import { describe, expect, it } from 'vitest'
import { createBackgroundTasks } from '../src/docker/background-tasks.ts'

/** Background tasks with a clock that the test moves; they look at it every few real milliseconds. */
const start = () => {
  let at = 0
  const tasks = createBackgroundTasks(() => at)
  const done: string[] = []
  const add = (name: string, kind: 'removing' | 'making' = 'making') =>
    tasks.add(kind, async () => void done.push(name))
  return { tasks, done, add, pass: (ms: number) => (at += ms) }
}

describe('A background task', () => {
  it('runs at once if no program runs', async () => {
    const { done, add } = start()
    await add('a')
    expect(done).toEqual(['a'])
  })

  it('waits for programs that have just started, and for a moment after them', async () => {
    const { tasks, done, add, pass } = start()
    const end = tasks.programStarts()
    const task = add('a')
    pass(900)
    // Added later, to tasks without a program: when it is done, the first one has had its chance.
    await start().add('elsewhere')
    expect(done).toEqual([])
    end()
    await task
    expect(done).toEqual(['a'])
  })

  it('does not wait for a program that runs for long', async () => {
    const { tasks, done, add, pass } = start()
    tasks.programStarts()
    const task = add('a')
    pass(1_100)
    await task
    expect(done).toEqual(['a'])
  })

  it('runs after two seconds even if programs start all the time', async () => {
    const { tasks, done, add, pass } = start()
    tasks.programStarts()
    const task = add('a')
    for (let ms = 10; ms < 2_000; ms += 10) {
      pass(10)
      tasks.programStarts()
    }
    // Added later, to tasks without a program: when it is done, the first one has had its chance.
    await start().add('elsewhere')
    expect(done).toEqual([])
    pass(10)
    await task
    expect(done).toEqual(['a'])
  })

  it('that removes runs before one that makes', async () => {
    const { tasks, done, add } = start()
    const end = tasks.programStarts()
    const made = Array.from({ length: 100 }, () => add('made'))
    const removed = add('removed', 'removing')
    end()
    tasks.hurry()
    await Promise.all([removed, ...made])
    expect(done).toEqual(['removed', ...made.map(() => 'made')])
  })

  it('waits for nothing when the worker stops', async () => {
    const { tasks, done, add } = start()
    tasks.programStarts()
    const task = add('a')
    tasks.hurry()
    await task
    expect(done).toEqual(['a'])
  })

  it('rejects when it fails, and the next one runs', async () => {
    const { tasks, done, add } = start()
    await expect(tasks.add('making', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await add('next')
    expect(done).toEqual(['next'])
  })
})
