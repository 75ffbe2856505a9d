import { expect, test } from 'vitest'
import { createPulse } from '../src/pulse.ts'

test('a connection that is silent is asked, and is dead without an answer', async () => {
  const happened: string[] = []
  const { promise: dead, resolve: die } = Promise.withResolvers<void>()
  const pulse = createPulse({
    silentMs: 5,
    answerMs: 5,
    ask() {
      happened.push('asked')
      pulse.expectSoon()
    },
    onDeath() {
      happened.push('dead')
      die()
    },
  })
  pulse.hear()
  await dead
  pulse.stop()
  expect(happened).toEqual(['asked', 'dead'])
})

test('a connection that answers is asked again after each silence', async () => {
  const { promise: askedOften, resolve } = Promise.withResolvers<void>()
  let asked = 0
  const pulse = createPulse({
    silentMs: 1,
    answerMs: 60_000,
    ask() {
      asked += 1
      pulse.expectSoon()
      pulse.hear()
      if (asked === 3) resolve()
    },
    onDeath: () => expect.unreachable(),
  })
  pulse.hear()
  await askedOften
  pulse.stop()
  expect(asked).toBe(3)
})
