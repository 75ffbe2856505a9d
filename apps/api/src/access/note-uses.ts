const MINUTE_MS = 60_000
/** Above this many ids, those of more than a minute ago are forgotten. */
const REMEMBERED = 10_000

/** Calls `write` for an id at most once a minute. A write that fails is not repeated: a use a minute later is noted again. */
export const createUseNotes = (write: (id: string) => Promise<void>): ((id: string) => void) => {
  const noted = new Map<string, number>()
  return (id) => {
    const now = performance.now()
    if (now - (noted.get(id) ?? Number.NEGATIVE_INFINITY) < MINUTE_MS) return
    if (noted.size >= REMEMBERED) {
      for (const [other, at] of noted) if (now - at >= MINUTE_MS) noted.delete(other)
    }
    noted.set(id, now)
    // While Redis is away its connection's owner logs that.
    write(id).catch(() => {})
  }
}
