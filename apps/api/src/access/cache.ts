/** Keeps answers for a short time. */
export interface Cache<K, V> {
  get(key: K): Promise<V>
  /** Drops everything, also answers that are still on their way. */
  clear(): void
}

/**
 * Asks once for all callers of the same key at the same time, and again when an answer is older than `freshMs`. `undefined`
 * is not kept, so nobody can fill the cache by asking for what does not exist.
 */
export const createCache = <K, V>(freshMs: number, ask: (key: K) => Promise<V>): Cache<K, V> => {
  const known = new Map<K, { readonly answer: Promise<V>; readonly until: number }>()
  const drop = (key: K, answer: Promise<V>): void => {
    if (known.get(key)?.answer === answer) known.delete(key)
  }
  return {
    get(key) {
      const last = known.get(key)
      if (last !== undefined && performance.now() < last.until) return last.answer
      const answer = ask(key)
      known.set(key, { answer, until: performance.now() + freshMs })
      answer.then(
        (value) => {
          if (value === undefined) drop(key, answer)
        },
        () => drop(key, answer),
      )
      return answer
    },
    clear: () => known.clear(),
  }
}
