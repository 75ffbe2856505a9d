import { setTimeout as delay } from 'node:timers/promises'

/**
 * Awaits a state: calls `check` until it neither throws nor returns false, and gives what it returned.
 * At the deadline the last failure is thrown, so that the test says what was still wrong.
 */
export const eventually = async <T>(
  check: () => T | Promise<T>,
  { withinMs = 5_000, everyMs = 20 }: { readonly withinMs?: number; readonly everyMs?: number } = {},
): Promise<T> => {
  const deadline = performance.now() + withinMs
  for (;;) {
    try {
      const value = await check()
      if (value !== false) return value
      if (performance.now() >= deadline) throw new Error(`Still false after ${withinMs} ms`)
    } catch (error) {
      if (performance.now() >= deadline) throw error
    }
    await delay(everyMs)
  }
}
