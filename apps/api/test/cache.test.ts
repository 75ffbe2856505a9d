import { describe, expect, test, vi } from 'vitest'
import { createCache } from '../src/access/cache.ts'

describe('A cache', () => {
  test('asks once for all callers of a key at the same time, and again after it was cleared', async () => {
    const ask = vi.fn(async (key: string) => `${key}!`)
    const cache = createCache(60_000, ask)
    expect(await Promise.all([cache.get('a'), cache.get('a'), cache.get('b')])).toEqual(['a!', 'a!', 'b!'])
    expect(await cache.get('a')).toBe('a!')
    expect(ask).toHaveBeenCalledTimes(2)
    cache.clear()
    await cache.get('a')
    expect(ask).toHaveBeenCalledTimes(3)
  })

  test('keeps no failure, no undefined and no old answer', async () => {
    const answers = [() => Promise.reject(new Error('away')), async () => undefined, async () => 1, async () => 2]
    const cache = createCache<string, number | undefined>(0, () => (answers.shift() ?? (async () => 3))())
    await expect(cache.get('a')).rejects.toThrow('away')
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.get('a')).toBe(1)
    expect(await cache.get('a')).toBe(2)
  })

  test('does not keep an answer that was on its way when it was cleared', async () => {
    const { promise: late, resolve } = Promise.withResolvers<number>()
    const ask = vi.fn<() => Promise<number>>(async () => 2).mockReturnValueOnce(late)
    const cache = createCache(60_000, ask)
    const asked = cache.get('a')
    cache.clear()
    expect(await cache.get('a')).toBe(2)
    resolve(1)
    expect(await asked).toBe(1)
    expect(await cache.get('a')).toBe(2)
  })
})
