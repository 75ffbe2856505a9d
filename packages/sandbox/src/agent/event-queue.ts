/** Events pushed on one side, pulled on the other, in order. Ends with `end`, or with the error given to `fail`. */
export interface EventQueue<T> extends AsyncIterable<T> {
  push(event: T): void
  end(): void
  fail(error: Error): void
}

export const createEventQueue = <T>(): EventQueue<T> => {
  let waiting: T[] = []
  let over: { error?: Error } | undefined
  let wake: () => void = () => {}

  const finish = (how: { error?: Error }) => {
    over ??= how
    wake()
  }

  return {
    push(event) {
      if (over !== undefined) return
      waiting.push(event)
      wake()
    },
    end: () => finish({}),
    fail: (error) => finish({ error }),
    async *[Symbol.asyncIterator]() {
      for (;;) {
        // Takes all waiting events at once, because shifting one off a long array moves all the others.
        const batch = waiting
        waiting = []
        for (const event of batch) yield event
        if (waiting.length > 0) continue
        if (over?.error !== undefined) throw over.error
        else if (over !== undefined) return
        else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    },
  }
}
