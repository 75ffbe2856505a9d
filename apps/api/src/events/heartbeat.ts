/** Proxies and load balancers cut what has been silent for a minute or less; this is well within. */
export const HEARTBEAT_MS = 15_000

export const HEARTBEAT = Symbol('heartbeat')

/** `source`, with a heartbeat wherever it has been silent for `everyMs`. */
export async function* withHeartbeat<T>(
  source: AsyncIterable<T>,
  everyMs: number,
): AsyncGenerator<T | typeof HEARTBEAT, void, void> {
  const items = source[Symbol.asyncIterator]()
  let next = items.next()
  try {
    for (;;) {
      const { promise: silence, resolve } = Promise.withResolvers<typeof HEARTBEAT>()
      const timer = setTimeout(resolve, everyMs, HEARTBEAT)
      const item = await Promise.race([next, silence]).finally(() => clearTimeout(timer))
      if (item === HEARTBEAT) {
        yield HEARTBEAT
        continue
      }
      if (item.done === true) return
      yield item.value
      next = items.next()
    }
  } finally {
    // Whoever stops early waits no longer for an item that may never come, nor for its failure.
    next.catch(() => {})
    void items.return?.()
  }
}
