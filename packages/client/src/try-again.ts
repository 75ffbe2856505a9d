import { toPauseMs } from './back-off.ts'
import { isPassing, RunnelApiError } from './errors.ts'
import type { Link } from './link.ts'
import { pause } from './pause.ts'

const TRIES = 4

/**
 * Does `act` again after a failure that may pass, up to four times in about two seconds. For what may arrive twice. "Too much"
 * (429) is thrown at once: its error says how long to wait.
 */
export const tryAgain = async <T>(
  { wakeUp }: Pick<Link, 'wakeUp'>,
  signal: AbortSignal | undefined,
  act: () => Promise<T>,
): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    signal?.throwIfAborted()
    try {
      return await act()
    } catch (error) {
      const isTooMuch = error instanceof RunnelApiError && error.status === 429
      if (signal?.aborted || isTooMuch || !isPassing(error) || tries >= TRIES) throw error
      await pause(toPauseMs(tries, Math.random()), wakeUp, signal)
    }
  }
}
