/**
 * Notices a connection that died silently: a machine that slept, a network that changed. A WebSocket in a browser does not
 * show the server's pings, so after some silence the client asks itself.
 */
export interface Pulse {
  /** Something came. */
  hear(): void
  /** Something was asked, so an answer has to come soon. */
  expectSoon(): void
  /** Asks now. */
  check(): void
  stop(): void
}

/** More than the server's heartbeat of 15 s, and less than the minute after which proxies cut silent connections. */
const SILENT_MS = 20_000
const ANSWER_MS = 10_000

export const createPulse = (options: {
  readonly silentMs?: number
  readonly answerMs?: number
  readonly ask: () => void
  readonly onDeath: (silentMs: number) => void
}): Pulse => {
  const { silentMs = SILENT_MS, answerMs = ANSWER_MS, ask, onDeath } = options
  let timer: ReturnType<typeof setTimeout> | undefined
  let isExpecting = false
  let isStopped = false
  let heardAt = performance.now()

  const start = (ms: number, act: () => void): void => {
    clearTimeout(timer)
    if (!isStopped) timer = setTimeout(act, ms)
  }
  const die = (): void => onDeath(Math.round(performance.now() - heardAt))
  const check = (): void => {
    if (isStopped) return
    ask()
  }
  return {
    hear() {
      heardAt = performance.now()
      isExpecting = false
      start(silentMs, check)
    },
    expectSoon() {
      if (isExpecting) return
      isExpecting = true
      start(answerMs, die)
    },
    check,
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}
