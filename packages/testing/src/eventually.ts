import { setTimeout as delay } from 'node:timers/promises'

/**
 * Waits for a state: calls `check` until it neither throws nor returns false, and returns its result. At the deadline it
 * throws the last failure, so that the test says what was still wrong.
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
