import { describe, expect, it } from 'vitest'
import { createQuiet } from '../src/docker/quiet.ts'

/** With a clock that the test moves; it looks at it every few real milliseconds. */
const start = () => {
  let at = 0
  const quiet = createQuiet(() => at)
  const done: string[] = []
  const add = (name: string) => quiet.run(async () => void done.push(name))
  return { quiet, done, add, pass: (ms: number) => (at += ms) }
}

describe('A task for a quiet moment', () => {
  it('runs at once if no program runs', async () => {
    const { done, add } = start()
    await add('a')
    expect(done).toEqual(['a'])
  })

  it('waits for programs that have just started, and for a moment after them', async () => {
    const { quiet, done, add, pass } = start()
    const end = quiet.programStarts()
    const task = add('a')
    pass(900)
    // Added later, where no program runs: when it is done, the first one has had its chance.
    await start().add('elsewhere')
    expect(done).toEqual([])
    end()
    await task
    expect(done).toEqual(['a'])
  })

  it('does not wait for a program that runs for long', async () => {
    const { quiet, done, add, pass } = start()
    quiet.programStarts()
    const task = add('a')
    pass(1_100)
    await task
    expect(done).toEqual(['a'])
  })

  it('runs after two seconds even if programs start all the time', async () => {
    const { quiet, done, add, pass } = start()
    quiet.programStarts()
    const task = add('a')
    for (let ms = 10; ms < 2_000; ms += 10) {
      pass(10)
      quiet.programStarts()
    }
    // Added later, where no program runs: when it is done, the first one has had its chance.
    await start().add('elsewhere')
    expect(done).toEqual([])
    pass(10)
    await task
    expect(done).toEqual(['a'])
  })

  it('waits for nothing when the worker stops', async () => {
    const { quiet, done, add } = start()
    quiet.programStarts()
    const task = add('a')
    quiet.hurry()
    await task
    expect(done).toEqual(['a'])
  })

  it('rejects when it fails, and the next one runs', async () => {
    const { quiet, done, add } = start()
    await expect(quiet.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await add('next')
    expect(done).toEqual(['next'])
  })
})
