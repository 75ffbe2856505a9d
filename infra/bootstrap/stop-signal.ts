// All the ways a run is told to stop, as one AbortSignal. Its reason is an Error when something went wrong.

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** A Ctrl-C comes twice: from the terminal, and handed on by npm. Only one that comes later is a second one. */
const SAME_WITHIN_MS = 1_000
const LOOK_FOR_PARENT_EVERY_MS = 1_000

export interface StopOptions {
  /** A run in front ends with the npm that started it, however that ended. */
  readonly withParent: boolean
  /** Somebody insists. */
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
      } else if (Date.now() - firstAt > SAME_WITHIN_MS) {
        onSecond()
      }
    })
  }
  if (withParent) {
    const parent = process.ppid
    setInterval(() => {
      if (process.ppid !== parent) stopping.abort('its parent ended')
    }, LOOK_FOR_PARENT_EVERY_MS).unref()
  }
  return stopping
}
