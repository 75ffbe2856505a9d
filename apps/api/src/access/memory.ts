/** Answers that are remembered for a while. */
export interface Memory<K, V> {
  get(key: K): Promise<V>
  /** Forgets everything; what is being asked just now is not remembered either. */
  forget(): void
}

/**
 * Asks once for all who want to know the same at the same time, and again when an answer is older than `freshMs`. That
 * there is nothing is not remembered: nobody can fill this memory by asking for what does not exist.
 */
export const createMemory = <K, V>(freshMs: number, ask: (key: K) => Promise<V>): Memory<K, V> => {
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
    forget: () => known.clear(),
  }
}
