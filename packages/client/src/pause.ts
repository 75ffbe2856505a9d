import type { WakeUp } from './wake-up.ts'

/** Waits. Ends early at a wake-up, and rejects with the signal's reason when it aborts. */
export const pause = (ms: number, wakeUp: WakeUp, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      stopListening()
      signal?.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = (): void => end(() => reject(signal?.reason))
    const timer = setTimeout(() => end(resolve), ms)
    const stopListening = wakeUp.listen(() => end(resolve))
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
  })
