/**
 * Notices a connection that died silently: a machine that slept, a network that changed. A WebSocket in a browser does not
 * show the server's pings, so after some silence the client asks itself.
 */
export interface Pulse extends Disposable {
  /** Something came. */
  hear(): void
  /** Something was asked, so an answer has to come soon. */
  expectSoon(): void
  /** Asks now. */
  check(): void
}

/** More than the server's heartbeat of 15 s, and less than the minute after which proxies cut silent connections. */
const SILENT_MS = 20_000
const ANSWER_MS = 10_000

export const createPulse = (options: {
  readonly ask: () => void
  readonly onDeath: (silentMs: number) => void
}): Pulse => {
  const { ask, onDeath } = options
  let timer: ReturnType<typeof setTimeout> | undefined
  let isExpecting = false
  let isDisposed = false
  let heardAt = performance.now()

  const start = (ms: number, act: () => void): void => {
    clearTimeout(timer)
    if (!isDisposed) timer = setTimeout(act, ms)
  }
  const die = (): void => onDeath(Math.round(performance.now() - heardAt))
  const check = (): void => {
    if (isDisposed) return
    ask()
  }
  return {
    hear() {
      heardAt = performance.now()
      isExpecting = false
      start(SILENT_MS, check)
    },
    expectSoon() {
      if (isExpecting) return
      isExpecting = true
      start(ANSWER_MS, die)
    },
    check,
    [Symbol.dispose]() {
      isDisposed = true
      clearTimeout(timer)
    },
  }
}
