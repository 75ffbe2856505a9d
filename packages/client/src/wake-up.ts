/** Ends pauses early: the network is back, the page is looked at again, or a person pressed "Now". */
export interface WakeUp {
  readonly now: () => void
  /** Calls `onWake` at each wake-up, until what it returns is called. */
  listen(onWake: () => void): () => void
}

/** Timers of a hidden page or of a sleeping machine are late, so connections are looked at as soon as it is back. */
export const createWakeUp = (): WakeUp => {
  const listeners = new Set<() => void>()
  const now = (): void => {
    for (const listener of [...listeners]) listener()
  }
  const onVisible = (): void => {
    if (document.visibilityState === 'visible') now()
  }
  const page = typeof document === 'undefined' ? undefined : document
  const scope = typeof addEventListener === 'function' && typeof navigator !== 'undefined' ? globalThis : undefined
  return {
    now,
    listen(onWake) {
      if (listeners.size === 0) {
        page?.addEventListener('visibilitychange', onVisible)
        scope?.addEventListener('online', now)
      }
      listeners.add(onWake)
      return () => {
        if (!listeners.delete(onWake) || listeners.size > 0) return
        page?.removeEventListener('visibilitychange', onVisible)
        scope?.removeEventListener('online', now)
      }
    },
  }
}
