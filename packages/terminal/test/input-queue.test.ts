import { describe, expect, test } from 'vitest'
import { createInputQueue } from '../src/input-queue.ts'

interface Sent {
  readonly data: string
  readonly end: boolean
}

/** Sends that the test answers itself. */
const createLine = () => {
  const sent: Sent[] = []
  const answers: PromiseWithResolvers<void>[] = []
  const errors: unknown[] = []
  const queue = createInputQueue(
    (data, end) => {
      sent.push({ data, end })
      const answer = Promise.withResolvers<void>()
      answers.push(answer)
      return answer.promise
    },
    (error) => errors.push(error),
  )
  const settle = async (how: (answer: PromiseWithResolvers<void>) => void): Promise<void> => {
    const answer = answers.shift()
    if (answer === undefined) throw new Error('Nothing was sent')
    how(answer)
    await answer.promise.catch(() => {})
    await Promise.resolve()
  }
  return {
    queue,
    sent,
    errors,
    succeed: () => settle(({ resolve }) => resolve()),
    fail: () => settle(({ reject }) => reject(new Error('refused'))),
  }
}

describe('Input that is typed', () => {
  test('is sent in order, and together what is typed while something is under way', async () => {
    const { queue, sent, succeed } = createLine()
    for (const key of ['a', 'b', 'c']) queue.add(key)
    expect(sent).toEqual([{ data: 'a', end: false }])
    await succeed()
    expect(sent[1]).toEqual({ data: 'bc', end: false })
  })

  test('ends after all that was typed', async () => {
    const { queue, sent, succeed } = createLine()
    queue.add('a')
    queue.add('b')
    queue.end()
    await succeed()
    expect(sent).toEqual([
      { data: 'a', end: false },
      { data: 'b', end: true },
    ])
  })

  test('is cut into pieces between characters when it is long', async () => {
    const { queue, sent, succeed } = createLine()
    queue.add(`x${'😀'.repeat(40_000)}`)
    await succeed()
    expect(sent.map(({ data }) => data.length)).toEqual([65_535, 80_001 - 65_535])
    expect(sent.every(({ data }) => data.isWellFormed())).toBe(true)
  })

  test('is dropped after a failure, which is reported once, and later input is sent again', async () => {
    const { queue, sent, errors, fail } = createLine()
    queue.add('a')
    queue.add('b')
    await fail()
    expect(errors).toEqual([new Error('refused')])
    queue.add('c')
    expect(sent.at(-1)).toEqual({ data: 'c', end: false })
  })
})
