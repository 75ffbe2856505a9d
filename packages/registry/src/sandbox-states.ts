import type { Redis } from '@runnel/redis'
import { watchSandboxes } from './sandbox-changes.ts'

/** Listens for one sandbox. Dispose it in any case. */
interface ExpectedState extends Disposable {
  /** Resolves when the sandbox runs or has ended, when `ms` are over, or when `signal` aborts. */
  within(ms: number, signal: AbortSignal): Promise<void>
}

export interface SandboxStates extends Disposable {
  /** From now on a change of this sandbox is not missed, unless Redis is away. */
  expect(sandboxId: string): ExpectedState
}

/** Tells who waits for a sandbox that it has started or ended. One subscription for all of a process. */
export const createSandboxStates = (parts: { readonly subscriber: Redis; readonly prefix: string }): SandboxStates => {
  const waiting = new Map<string, () => void>()
  const watching = watchSandboxes(parts, ({ id }) => waiting.get(id)?.())
  return {
    expect(sandboxId) {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.set(sandboxId, resolve)
      return {
        async within(ms, signal) {
          const timer = setTimeout(resolve, ms)
          const stop = (): void => resolve()
          signal.addEventListener('abort', stop, { once: true })
          if (signal.aborted) stop()
          await promise
          clearTimeout(timer)
          signal.removeEventListener('abort', stop)
        },
        [Symbol.dispose]: () => void waiting.delete(sandboxId),
      }
    },
    [Symbol.dispose]: () => watching[Symbol.dispose](),
  }
}
