// All reasons for a run to stop, as one AbortSignal. The reason is an Error when something went wrong.

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** A Ctrl-C comes twice: from the terminal, and again from npm. Only one that comes later is a second one. */
const SAME_SIGNAL_MS = 1_000
const PARENT_CHECK_INTERVAL_MS = 1_000

export interface StopOptions {
  /** A run in front ends with the npm that started it, however that ended. */
  readonly withParent: boolean
  /** A second signal: stop at once. */
  readonly onSecond: () => void
}

export const createStopSignal = ({ withParent, onSecond }: StopOptions): AbortController => {
  const stopping = new AbortController()
  let firstAt = 0
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (!stopping.signal.aborted) {
        firstAt = Date.now()
        stopping.abort(name)
      } else if (Date.now() - firstAt > SAME_SIGNAL_MS) {
        onSecond()
      }
    })
  }
  if (withParent) {
    const parent = process.ppid
    setInterval(() => {
      if (process.ppid !== parent) stopping.abort('its parent ended')
    }, PARENT_CHECK_INTERVAL_MS).unref()
  }
  return stopping
}
