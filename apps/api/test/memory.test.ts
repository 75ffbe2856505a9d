import { describe, expect, test, vi } from 'vitest'
import { createMemory } from '../src/access/memory.ts'

describe('What is remembered', () => {
  test('is asked once for all who ask at the same time, and again when it has been forgotten', async () => {
    const ask = vi.fn(async (key: string) => `${key}!`)
    const memory = createMemory(60_000, ask)
    expect(await Promise.all([memory.get('a'), memory.get('a'), memory.get('b')])).toEqual(['a!', 'a!', 'b!'])
    expect(await memory.get('a')).toBe('a!')
    expect(ask).toHaveBeenCalledTimes(2)
    memory.forget()
    await memory.get('a')
    expect(ask).toHaveBeenCalledTimes(3)
  })

  test('is no failure, no absence, and nothing that is older than it may be', async () => {
    const answers = [() => Promise.reject(new Error('away')), async () => undefined, async () => 1, async () => 2]
    const memory = createMemory<string, number | undefined>(0, () => (answers.shift() ?? (async () => 3))())
    await expect(memory.get('a')).rejects.toThrow('away')
    expect(await memory.get('a')).toBeUndefined()
    expect(await memory.get('a')).toBe(1)
    expect(await memory.get('a')).toBe(2)
  })

  test('is not what was being asked when all was forgotten', async () => {
    const { promise: late, resolve } = Promise.withResolvers<number>()
    const ask = vi.fn<() => Promise<number>>(async () => 2).mockReturnValueOnce(late)
    const memory = createMemory(60_000, ask)
    const asked = memory.get('a')
    memory.forget()
    expect(await memory.get('a')).toBe(2)
    resolve(1)
    expect(await asked).toBe(1)
    expect(await memory.get('a')).toBe(2)
  })
})
