import { expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'

test('a state that comes is awaited, and the result of the check is returned', async () => {
  let calls = 0
  const value = await eventually(
    () => {
      calls += 1
      if (calls < 3) throw new Error('not yet')
      return calls === 3 ? false : 'there'
    },
    { everyMs: 1 },
  )
  expect([value, calls]).toEqual(['there', 4])
})

test('a state that never comes fails with the last error of the check', async () => {
  const never = () => expect(1).toBe(2)
  await expect(eventually(never, { withinMs: 20, everyMs: 1 })).rejects.toThrow(/expected 1 to be 2/)
  await expect(eventually(() => false, { withinMs: 20, everyMs: 1 })).rejects.toThrow('Still false after 20 ms')
})
